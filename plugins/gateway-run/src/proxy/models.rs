//! `GET /v1/models`: the models that the upstreams are asked for.

use crate::response::{ResponseBody, json_response};
use crate::snapshot::Snapshot;
use http::{Response, StatusCode};
use serde_json::{Value, json};

pub(crate) fn list(snapshot: &Snapshot) -> Response<ResponseBody> {
    let data: Vec<Value> = snapshot
        .upstreams
        .iter()
        .filter(|u| u.is_available())
        .map(|u| {
            // An upstream without a model passes the caller's on; its own id
            // then stands for it.
            let id = u.model.as_deref().unwrap_or(&u.id);
            json!({ "id": id, "object": "model", "created": 0, "owned_by": u.provider })
        })
        .collect();
    json_response(StatusCode::OK, &json!({ "object": "list", "data": data }))
}

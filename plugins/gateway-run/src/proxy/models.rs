//! `GET /v1/models`: the models that the upstreams are asked for.

use super::body::Body;
use super::refuse::json;
use crate::snapshot::Snapshot;
use http::{Response, StatusCode};
use serde_json::{Value, json as value};

pub(crate) fn list(snapshot: &Snapshot) -> Response<Body> {
    let data: Vec<Value> = snapshot
        .upstreams
        .iter()
        .filter(|u| u.usable())
        .map(|u| {
            // An upstream without a model passes the caller's on; its own id
            // then stands for it.
            let id = u.model.as_deref().unwrap_or(&u.id);
            value!({ "id": id, "object": "model", "created": 0, "owned_by": u.provider })
        })
        .collect();
    json(StatusCode::OK, &value!({ "object": "list", "data": data }))
}

//! `GET /v1/models` and `GET /v1/models/{id}`: the models that callers may request.

use super::error_response::ErrorResponse;
use crate::response::{ResponseBody, json_response};
use crate::snapshot::Snapshot;
use http::{Response, StatusCode};
use serde_json::{Value, json};

/// Returns the models of the available upstreams.
pub(super) fn list(snapshot: &Snapshot) -> Response<ResponseBody> {
    let models: Vec<Value> = snapshot
        .models()
        .into_iter()
        .map(|(id, provider)| model(id, provider))
        .collect();
    json_response(StatusCode::OK, &json!({ "object": "list", "data": models }))
}

/// Returns one model: one of the list, or any other that is routed.
pub(super) fn get(encoded_id: &str, snapshot: &Snapshot) -> Response<ResponseBody> {
    let id = percent_decode(encoded_id);
    let route = snapshot.route(&id);
    match route.iter().find(|upstream| upstream.is_available()) {
        Some(upstream) => json_response(StatusCode::OK, &model(&id, &upstream.target.provider)),
        None => ErrorResponse::model_not_found(&id).into_response(),
    }
}

fn model(id: &str, provider: &str) -> Value {
    json!({ "id": id, "object": "model", "created": 0, "owned_by": provider })
}

/// Clients escape the slash of `vendor/model`.
fn percent_decode(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut position = 0;
    while let Some(byte) = bytes.get(position) {
        let escaped = text
            .get(position + 1..position + 3)
            .filter(|_| *byte == b'%')
            .and_then(|hex| u8::from_str_radix(hex, 16).ok());
        decoded.push(escaped.unwrap_or(*byte));
        position += if escaped.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::percent_decode;

    #[test]
    fn escapes_are_decoded() {
        assert_eq!(percent_decode("vendor%2Fmodel%20x"), "vendor/model x");
        assert_eq!(percent_decode("50%"), "50%");
        assert_eq!(percent_decode("a%zzb%2"), "a%zzb%2");
    }
}

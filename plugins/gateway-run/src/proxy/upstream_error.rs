//! Errors of upstreams, as they are returned to callers: with their class, their
//! message as far as the policies allow it, and the headers that control retries.

use super::error_response::ErrorResponse;
use super::response_filters::ResponseFilters;
use http::{HeaderMap, StatusCode};
use serde_json::Value;

/// The maximum length of a message.
const MAX_MESSAGE_LENGTH: usize = 2000;
/// The maximum length of a type or a code.
const MAX_WORD_LENGTH: usize = 64;

/// Whether the member `error` of a document reports an error, in whatever form.
pub(super) fn reports_error(error: &Value) -> bool {
    match error {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::Object(error) => !error.is_empty(),
        _ => true,
    }
}

/// Converts an error that an upstream returned with a status.
pub(super) fn from_response(
    upstream: &str,
    status: StatusCode,
    headers: &HeaderMap,
    body: &[u8],
    filters: Option<&mut ResponseFilters>,
) -> ErrorResponse {
    let document = serde_json::from_slice(body).unwrap_or(Value::Null);
    // The OpenAI-compatible API of Gemini returns an array of one error.
    let document = match &document {
        Value::Array(items) => items.first().unwrap_or(&document),
        _ => &document,
    };
    convert(upstream, status, document, filters).retry_headers(headers)
}

/// Converts an error in a document that an upstream returned with status 200, or in
/// an event of a stream.
pub(super) fn from_document(
    upstream: &str,
    document: &Value,
    filters: Option<&mut ResponseFilters>,
) -> ErrorResponse {
    let error = document.get("error").unwrap_or(&Value::Null);
    let status = ["code", "status"]
        .iter()
        .filter_map(|key| error.get(key))
        .find_map(status_of)
        .unwrap_or(StatusCode::BAD_GATEWAY);
    convert(upstream, status, document, filters)
}

fn status_of(value: &Value) -> Option<StatusCode> {
    let number = match value {
        Value::Number(number) => number.as_u64()?,
        Value::String(text) => text.parse().ok()?,
        _ => return None,
    };
    let status = StatusCode::from_u16(u16::try_from(number).ok()?).ok()?;
    (status.is_client_error() || status.is_server_error()).then_some(status)
}

fn convert(
    upstream: &str,
    status: StatusCode,
    document: &Value,
    mut filters: Option<&mut ResponseFilters>,
) -> ErrorResponse {
    if matches!(
        status,
        StatusCode::UNAUTHORIZED
            | StatusCode::FORBIDDEN
            | StatusCode::PROXY_AUTHENTICATION_REQUIRED
    ) {
        // The message may quote the credential, which is the gateway's.
        return ErrorResponse::upstream_credential(upstream, status);
    }
    let error = document.get("error").unwrap_or(document);
    let returned = format!("upstream `{upstream}` returned {status}");
    let passes = |text: &str| {
        let filters = filters.as_ref();
        filters.is_none_or(|filters| filters.check(text).is_ok())
    };
    let [kind, code] = ["type", "code"].map(|key| {
        let value = error.get(key).filter(|value| is_word(value));
        value.filter(|value| passes(&plain(value))).cloned()
    });
    let message = match (message(error), status.is_client_error()) {
        (None, _) => returned,
        (Some(message), true) => filtered(message, filters.take()),
        (Some(message), false) => format!("{returned}: {}", filtered(message, filters.take())),
    };
    ErrorResponse::upstream_status(status, kind, code, message)
}

fn message(error: &Value) -> Option<&str> {
    let message = match error {
        Value::String(text) => Some(text.as_str()),
        _ => ["message", "detail", "error"]
            .iter()
            .find_map(|key| error.get(key).and_then(Value::as_str)),
    };
    message.filter(|text| !text.is_empty())
}

fn filtered(message: &str, filters: Option<&mut ResponseFilters>) -> String {
    let message: String = message.chars().take(MAX_MESSAGE_LENGTH).collect();
    match filters {
        None => message,
        Some(filters) => filters
            .complete(&message)
            .unwrap_or_else(|_| "the message was withheld by a policy".to_owned()),
    }
}

fn plain(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

fn is_word(value: &Value) -> bool {
    match value {
        Value::Number(_) => true,
        Value::String(text) => {
            let allowed = |c: char| c.is_ascii_alphanumeric() || "_.-".contains(c);
            !text.is_empty() && text.len() <= MAX_WORD_LENGTH && text.chars().all(allowed)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{from_document, from_response, reports_error};
    use http::{HeaderMap, StatusCode};
    use serde_json::{Value, json};

    fn event(error: &super::ErrorResponse) -> Value {
        let event = error.event();
        serde_json::from_str(event.trim().strip_prefix("data: ").unwrap()).unwrap()
    }

    #[test]
    fn errors_keep_their_class() {
        let headers = HeaderMap::new();
        let convert = |status: u16, body: &str| {
            let status = StatusCode::from_u16(status).unwrap();
            from_response("u", status, &headers, body.as_bytes(), None)
        };
        let too_long = r#"{"error":{"message":"too long","type":"invalid_request_error","code":"context_length_exceeded"}}"#;
        let error = convert(400, too_long);
        assert_eq!(error.status, 400);
        assert_eq!(
            event(&error)["error"],
            json!({ "message": "too long", "type": "invalid_request_error", "param": null, "code": "context_length_exceeded" })
        );
        for (status, expected) in [
            (429, 429),
            (401, 401),
            (500, 502),
            (503, 503),
            (504, 504),
            (529, 503),
            (302, 502),
            (407, 502),
        ] {
            assert_eq!(convert(status, "<html>").status, expected, "{status}");
        }
        let key = r#"{"error":{"message":"Incorrect API key: sk-123"}}"#;
        assert!(!convert(401, key).event().contains("sk-123"));
        let flat = convert(422, r#"{"object":"error","message":"flat","code":3000}"#);
        assert_eq!(event(&flat)["error"]["message"], "flat");
        assert_eq!(event(&flat)["error"]["code"], 3000);
        let array = convert(400, r#"[{"error":{"message":"in an array","code":400}}]"#);
        assert_eq!(event(&array)["error"]["message"], "in an array");
        assert_eq!(convert(400, "[]").status, 400);
    }

    #[test]
    fn errors_in_documents_have_the_status_of_their_code() {
        let document = json!({ "error": { "code": 429, "message": "slow down" } });
        assert!(reports_error(&document["error"]));
        assert_eq!(from_document("u", &document, None).status, 429);
        let document = json!({ "error": "broken" });
        assert_eq!(from_document("u", &document, None).status, 502);
        assert!(!reports_error(&json!(null)));
    }
}

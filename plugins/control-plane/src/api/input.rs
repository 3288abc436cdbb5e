//! Parses bodies, queries and headers of requests.

use std::str::FromStr;

use kt_control_api::{Etag, ProblemCode, ProblemItem, Request};
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::error::Category;
use sha2::{Digest, Sha256};

use super::error::{ApiError, api_error, validation_failed};
use crate::store::IdempotencyKey;

/// Longest idempotency key in bytes.
const MAX_KEY_BYTES: usize = 128;

/// Parses a JSON body strictly. An absent body counts as `{}`.
pub(super) fn json_body<T: DeserializeOwned>(request: &Request) -> Result<T, ApiError> {
    match media_type(request) {
        "" | "application/json" | "application/merge-patch+json" => {}
        _ => {
            return Err(api_error(
                ProblemCode::UnsupportedMediaType,
                "the body must be JSON",
            ));
        }
    }
    let text = request
        .body
        .as_deref()
        .filter(|text| !text.is_empty())
        .unwrap_or("{}");
    serde_json::from_str(text).or_else(|error| {
        // 3.0 is an integer to JSON Schema, but not to serde.
        let value = serde_json::from_str(text).map(integers);
        value
            .and_then(serde_json::from_value)
            .map_err(|_| json_error(&error))
    })
}

/// The bound below which a float represents every integer exactly: 2^53.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Converts numbers without a fraction to integers.
fn integers(value: Value) -> Value {
    match value {
        Value::Number(number) => {
            let integer = number
                .as_f64()
                .filter(|n| number.is_f64() && n.fract() == 0.0 && n.abs() < EXACT);
            #[expect(clippy::cast_possible_truncation, reason = "it is below 2^53")]
            integer.map_or(Value::Number(number), |n| Value::from(n as i64))
        }
        Value::Array(items) => items.into_iter().map(integers).collect(),
        Value::Object(members) => members
            .into_iter()
            .map(|(key, value)| (key, integers(value)))
            .collect(),
        other => other,
    }
}

/// Evaluates `If-None-Match` with the weak comparison (RFC 9110, 13.1.2): returns whether the
/// request does not list the entity tag.
pub(super) fn none_match(request: &Request, etag: &str) -> bool {
    let tags = request.headers.get("if-none-match");
    let mut tags = tags.into_iter().flat_map(|tags| tags.split(','));
    !tags.any(|tag| {
        let tag = tag.trim();
        tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag
    })
}

/// Returns the media type of the body without parameters; empty when there is none.
pub(super) fn media_type(request: &Request) -> &str {
    let header = request
        .headers
        .get("content-type")
        .map_or("", String::as_str);
    header.split(';').next().unwrap_or_default().trim()
}

fn json_error(error: &serde_json::Error) -> ApiError {
    let position = (
        u32::try_from(error.line()).ok(),
        u32::try_from(error.column()).ok(),
    );
    if error.classify() != Category::Data {
        let detail = format!(
            "the body is not valid JSON: line {}, column {}",
            error.line(),
            error.column()
        );
        return api_error(ProblemCode::MalformedRequest, detail);
    }
    let message = error.to_string();
    // Messages about names repeat only names; the other ones would repeat values.
    let names_only = [
        "unknown field",
        "missing field",
        "duplicate field",
        "unknown variant",
    ];
    let message = if names_only.iter().any(|start| message.starts_with(start)) {
        message
    } else {
        "a value has the wrong type or format".to_owned()
    };
    validation_failed(vec![ProblemItem {
        code: "invalid-field".to_owned(),
        message,
        line: position.0,
        column: position.1,
        ..ProblemItem::default()
    }])
}

/// Parses a query parameter.
pub(super) fn query<T: FromStr>(request: &Request, key: &str) -> Result<Option<T>, ApiError> {
    let Some(text) = request.query.get(key) else {
        return Ok(None);
    };
    let bad = || {
        api_error(
            ProblemCode::MalformedRequest,
            format!("the value of `{key}` has the wrong format"),
        )
    };
    text.parse().map(Some).map_err(|_| bad())
}

/// Parses the cursor of a list that is ordered by number. A number beyond the 63 bits in which the
/// store counts is after the last item.
pub(super) fn numeric_cursor(request: &Request) -> Result<Option<u64>, ApiError> {
    let cursor: Option<u64> = query(request, "cursor")?;
    Ok(cursor.map(|number| number.min(i64::MAX as u64)))
}

/// Parses a number within bounds.
pub(super) fn bounded(
    request: &Request,
    key: &str,
    default: u64,
    least: u64,
    most: u64,
) -> Result<u64, ApiError> {
    let value = query(request, key)?.unwrap_or(default);
    if (least..=most).contains(&value) {
        return Ok(value);
    }
    let detail = format!("`{key}` must be between {least} and {most}");
    Err(api_error(ProblemCode::MalformedRequest, detail))
}

/// Parses the revision in `If-Match`.
pub(super) fn if_match(request: &Request) -> Result<Option<u64>, ApiError> {
    match request.headers.get("if-match").map(String::as_str) {
        None | Some("*") => Ok(None),
        Some(text) => match text.parse::<Etag>() {
            Ok(Etag(rev)) => Ok(Some(rev)),
            Err(error) => Err(api_error(
                ProblemCode::MalformedRequest,
                format!("If-Match: {error}"),
            )),
        },
    }
}

/// Parses the idempotency key, and computes the fingerprint of the request.
pub(super) fn idempotency_key(request: &Request) -> Result<Option<IdempotencyKey>, ApiError> {
    let Some(key) = request.headers.get("idempotency-key") else {
        return Ok(None);
    };
    if key.is_empty() || key.len() > MAX_KEY_BYTES || !key.bytes().all(|b| b.is_ascii_graphic()) {
        let detail = "Idempotency-Key must consist of 1 to 128 visible ASCII characters";
        return Err(api_error(ProblemCode::MalformedRequest, detail));
    }
    let mut hash = Sha256::new();
    let if_match = request.headers.get("if-match").map_or("", String::as_str);
    let body = request.body.as_deref().unwrap_or_default();
    for part in [request.method.as_str(), &request.target(), if_match, body] {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    Ok(Some(IdempotencyKey {
        key: key.clone(),
        fingerprint: hash.finalize().into(),
    }))
}

//! Reading what a caller sent.

use std::str::FromStr;

use kt_control_api::{Etag, ProblemCode, ProblemItem, Request};
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::error::Category;
use sha2::{Digest, Sha256};

use super::refusal::{Refusal, invalid, refuse};
use crate::store::IdempotencyKey;

/// Longest idempotency key in bytes.
const MAX_KEY_BYTES: usize = 128;

/// Reads a JSON body strictly. An absent body counts as `{}`.
pub(super) fn body<T: DeserializeOwned>(request: &Request) -> Result<T, Refusal> {
    match media_type(request) {
        "" | "application/json" | "application/merge-patch+json" => {}
        _ => {
            return Err(refuse(
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
        // Of no account to JSON, and to JSON Schema an integer: 3.0.
        let whole = serde_json::from_str(text).map(integers);
        whole
            .and_then(serde_json::from_value)
            .map_err(|_| unreadable(&error))
    })
}

/// The largest number below which a float holds every integer: 2^53.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Writes numbers without a fraction as integers.
fn integers(value: Value) -> Value {
    match value {
        Value::Number(number) => {
            let whole = number
                .as_f64()
                .filter(|n| number.is_f64() && n.fract() == 0.0 && n.abs() < EXACT);
            #[expect(clippy::cast_possible_truncation, reason = "it is below 2^53")]
            whole.map_or(Value::Number(number), |n| Value::from(n as i64))
        }
        Value::Array(items) => items.into_iter().map(integers).collect(),
        Value::Object(members) => members
            .into_iter()
            .map(|(key, value)| (key, integers(value)))
            .collect(),
        other => other,
    }
}

/// Whether the caller has what goes by this tag already (RFC 9110, 13.1.2).
pub(super) fn has(request: &Request, etag: &str) -> bool {
    let tags = request.headers.get("if-none-match");
    tags.is_some_and(|tags| lists(tags, etag))
}

/// Whether a list of tags has this one, whichever of them are weak (RFC 9110, 8.8.3.2).
pub(crate) fn lists(tags: &str, etag: &str) -> bool {
    let plain = |tag: &'_ str| tag.strip_prefix("W/").unwrap_or(tag).to_owned();
    let mut tags = tags.split(',').map(str::trim);
    tags.any(|tag| tag == "*" || plain(tag) == plain(etag))
}

/// Returns the media type of the body without parameters, or nothing.
pub(super) fn media_type(request: &Request) -> &str {
    let header = request
        .headers
        .get("content-type")
        .map_or("", String::as_str);
    header.split(';').next().unwrap_or_default().trim()
}

fn unreadable(error: &serde_json::Error) -> Refusal {
    let place = (
        u32::try_from(error.line()).ok(),
        u32::try_from(error.column()).ok(),
    );
    if error.classify() != Category::Data {
        let detail = format!(
            "the body is not JSON: line {}, column {}",
            error.line(),
            error.column()
        );
        return refuse(ProblemCode::MalformedRequest, detail);
    }
    let message = error.to_string();
    // Messages about names repeat names only; those about values would repeat the value.
    let names_only = [
        "unknown field",
        "missing field",
        "duplicate field",
        "unknown variant",
    ];
    let message = if names_only.iter().any(|start| message.starts_with(start)) {
        message
    } else {
        "a value has the wrong type or form".to_owned()
    };
    invalid(vec![ProblemItem {
        code: "bad-field".to_owned(),
        message,
        line: place.0,
        column: place.1,
        ..ProblemItem::default()
    }])
}

/// Reads a query parameter.
pub(super) fn query<T: FromStr>(request: &Request, key: &str) -> Result<Option<T>, Refusal> {
    let Some(text) = request.query.get(key) else {
        return Ok(None);
    };
    let bad = || {
        refuse(
            ProblemCode::MalformedRequest,
            format!("`{key}` has a value of another form"),
        )
    };
    text.parse().map(Some).map_err(|_| bad())
}

/// Reads where a page begins in a list that is ordered by number. What is beyond the 63 bits that
/// the store counts in is behind everything.
pub(super) fn place(request: &Request) -> Result<Option<u64>, Refusal> {
    let cursor: Option<u64> = query(request, "cursor")?;
    Ok(cursor.map(|number| number.min(i64::MAX as u64)))
}

/// Reads a number that must lie within bounds.
pub(super) fn bounded(
    request: &Request,
    key: &str,
    default: u64,
    least: u64,
    most: u64,
) -> Result<u64, Refusal> {
    let value = query(request, key)?.unwrap_or(default);
    if (least..=most).contains(&value) {
        return Ok(value);
    }
    let detail = format!("`{key}` must lie between {least} and {most}");
    Err(refuse(ProblemCode::MalformedRequest, detail))
}

/// Reads the revision a change expects.
pub(super) fn if_match(request: &Request) -> Result<Option<u64>, Refusal> {
    match request.headers.get("if-match").map(String::as_str) {
        None | Some("*") => Ok(None),
        Some(text) => match text.parse::<Etag>() {
            Ok(Etag(rev)) => Ok(Some(rev)),
            Err(error) => Err(refuse(
                ProblemCode::MalformedRequest,
                format!("If-Match: {error}"),
            )),
        },
    }
}

/// Reads the idempotency key and takes the request's fingerprint.
pub(super) fn once(request: &Request) -> Result<Option<IdempotencyKey>, Refusal> {
    let Some(key) = request.headers.get("idempotency-key") else {
        return Ok(None);
    };
    if key.is_empty() || key.len() > MAX_KEY_BYTES || !key.bytes().all(|b| b.is_ascii_graphic()) {
        let detail = "Idempotency-Key must have 1 to 128 visible ASCII characters";
        return Err(refuse(ProblemCode::MalformedRequest, detail));
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

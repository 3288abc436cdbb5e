//! The OpenAPI document of a server.

use crate::gateway::{Mode, World};
use crate::harness::{assert_golden, http};
use serde_json::Value;
use std::collections::BTreeSet;

fn openapi() -> Value {
    let world = World::new(Mode::Server);
    let reply = http(world.server_port(), "GET", "/openapi.json", &[], "").expect("it answers");
    assert_eq!(reply.status, 200, "without a token{reply:?}");
    serde_json::from_str(&reply.body).expect("it is JSON")
}

#[test]
fn the_openapi_document_is_up_to_date() {
    let mut text = serde_json::to_string_pretty(&openapi()).expect("it is JSON");
    text.push('\n');
    assert_golden("docs/openapi.json", &text);
}

#[test]
fn every_operation_with_a_token_may_be_rate_limited() {
    let document = openapi();
    let paths = document["paths"].as_object().expect("an object");
    let operations = paths.values().filter_map(Value::as_object).flatten();
    let mut limited = 0;
    for (_, operation) in operations {
        let id = &operation["operationId"];
        let open = operation["security"] == serde_json::json!([]);
        let answer = &operation["responses"]["429"];
        assert_eq!(answer.is_null(), open, "{id}");
        if !open {
            limited += 1;
            let text = answer["description"].as_str().unwrap_or_default();
            assert!(text.contains("`rate-limited`"), "{id}: {text}");
            assert_eq!(answer["headers"]["Retry-After"]["required"], true, "{id}");
        }
    }
    assert!(limited > 20, "{limited}");
}

/// Collects the values of all members named `key`.
fn members<'a>(value: &'a Value, key: &str, found: &mut Vec<&'a str>) {
    match value {
        Value::Object(map) => {
            found.extend(map.get(key).and_then(Value::as_str));
            map.values().for_each(|inner| members(inner, key, found));
        }
        Value::Array(items) => items.iter().for_each(|inner| members(inner, key, found)),
        _ => {}
    }
}

#[test]
fn every_reference_in_the_openapi_document_exists() {
    let document = openapi();
    assert_eq!(document["openapi"], "3.1.0");
    let mut refs = Vec::new();
    members(&document, "$ref", &mut refs);
    assert!(!refs.is_empty());
    for pointer in refs {
        let path = pointer.trim_start_matches('#');
        assert!(document.pointer(path).is_some(), "`{pointer}` is missing");
    }
    let mut ids = Vec::new();
    members(&document, "operationId", &mut ids);
    let distinct: BTreeSet<_> = ids.iter().collect();
    assert_eq!(distinct.len(), ids.len(), "{ids:?}");
}

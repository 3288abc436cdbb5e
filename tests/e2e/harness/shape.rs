//! The shape of a JSON value: its members and their types, without their values.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Returns one line for each path, with every type that occurs there. The items
/// of an array share the path `[]`.
pub(crate) fn shape(value: &Value) -> String {
    let mut types = BTreeMap::new();
    walk(value, "$".to_owned(), &mut types);
    let line = |(path, types): (String, BTreeSet<&str>)| {
        let types: Vec<&str> = types.into_iter().collect();
        format!("{path}: {}\n", types.join("|"))
    };
    types.into_iter().map(line).collect()
}

fn walk(value: &Value, path: String, types: &mut BTreeMap<String, BTreeSet<&'static str>>) {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    types.entry(path.clone()).or_default().insert(kind);
    match value {
        Value::Array(items) => {
            for item in items {
                walk(item, format!("{path}[]"), types);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                walk(member, format!("{path}.{name}"), types);
            }
        }
        _ => {}
    }
}

#[test]
fn items_of_an_array_share_a_path() {
    let value = serde_json::json!([{ "a": 1 }, { "a": null, "b": "x" }]);
    let expected = "$: array\n$[]: object\n$[].a: null|number\n$[].b: string\n";
    assert_eq!(shape(&value), expected);
}

//! Generates the schemas of wire types.

use serde_json::{Map, Value, json};
use utoipa::ToSchema;

use super::bounds::add_bounds;

/// The name that the derive gives to the schema of a time.
const TIME: &str = "String";

/// The schemas of all referenced types, by name.
pub(in crate::api) type Schemas = Map<String, Value>;

/// Returns a reference to the schema of a type, after adding it and those it refers to.
pub(in crate::api) fn schema<T: ToSchema>(schemas: &mut Schemas) -> Value {
    let name = T::name().into_owned();
    let mut found = vec![(name.clone(), T::schema())];
    T::schemas(&mut found);
    for (name, schema) in found {
        // Times are named after the type that they are serialized as; see `rewrite`.
        if name == TIME {
            continue;
        }
        let mut schema = serde_json::to_value(schema).unwrap_or_default();
        rewrite(&mut schema);
        // `unknown` is a value of its own only for a state.
        if name != "SyncState" {
            remove_unknown(&mut schema);
        }
        add_bounds(&name, &mut schema);
        schemas.insert(name, schema);
    }
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// Returns the schema of a page of a type.
pub(in crate::api) fn page_schema<T: ToSchema>(schemas: &mut Schemas) -> Value {
    json!({
        "type": "object",
        "required": ["items", "next_cursor"],
        "properties": {
            "items": {"type": "array", "items": schema::<T>(schemas)},
            "next_cursor": {
                "type": ["string", "null"],
                "description": "The `cursor` of the next page; null on the last page.",
            },
        },
    })
}

/// Removes the value that stands for values of newer control planes, which this one never sends.
fn remove_unknown(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            if let Some(Value::Array(words)) = members.get_mut("enum") {
                words.retain(|word| word != "unknown");
            }
            members.values_mut().for_each(remove_unknown);
        }
        Value::Array(items) => items.iter_mut().for_each(remove_unknown),
        _ => {}
    }
}

/// Replaces references to times, and removes the link syntax of rustdoc from descriptions.
fn rewrite(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            let time = format!("#/components/schemas/{TIME}");
            if members.get("$ref").is_some_and(|target| *target == time) {
                members.remove("$ref");
                members.insert("type".to_owned(), "string".into());
                members.insert("format".to_owned(), "date-time".into());
            }
            if let Some(Value::String(text)) = members.get_mut("description") {
                *text = text
                    .replace("[`", "`")
                    .replace("`]", "`")
                    .replace("crate::", "");
            }
            members.values_mut().for_each(rewrite);
        }
        Value::Array(items) => items.iter_mut().for_each(rewrite),
        _ => {}
    }
}

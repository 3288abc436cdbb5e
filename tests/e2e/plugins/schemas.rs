//! The JSON Schemas of the messages: they are generated from the Rust types, and what
//! plugins and the host send is valid.

use crate::harness::{assert_golden, bless_directory, workspace};
use kt_plugin_api::schema::{SchemaFile, all, required, sent};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;

const FOLDER: &str = "plugin-api/schema";

/// The schemas of the SDK, and those of the control plane.
fn schemas() -> Vec<SchemaFile> {
    let mut all = all();
    all.push(sent::<kt_control_api::Envelope>(
        "kt.control-plane-1/request.request.json",
    ));
    all.push(required::<kt_control_api::Response>(
        "kt.control-plane-1/request.result.json",
    ));
    all
}

#[test]
fn schemas_are_generated_from_the_types() {
    let schemas = schemas();
    let folders: BTreeSet<&str> = schemas
        .iter()
        .map(|s| s.path.split_once('/').map_or("", |(folder, _)| folder))
        .collect();
    let mut top: Vec<String> = folders
        .iter()
        .filter(|f| !f.is_empty())
        .map(|f| (*f).to_owned())
        .collect();
    top.extend(names_in(&schemas, ""));
    bless_directory(FOLDER, &top);
    for folder in folders.into_iter().filter(|folder| !folder.is_empty()) {
        bless_directory(&format!("{FOLDER}/{folder}"), &names_in(&schemas, folder));
    }
    for file in &schemas {
        let text = serde_json::to_string_pretty(&file.schema).expect("a schema is JSON");
        assert_golden(&format!("{FOLDER}/{}", file.path), &format!("{text}\n"));
    }
}

fn names_in(schemas: &[SchemaFile], folder: &str) -> Vec<String> {
    schemas
        .iter()
        .filter_map(|s| {
            let (parent, name) = s.path.split_once('/').unwrap_or(("", &s.path));
            (parent == folder).then(|| name.to_owned())
        })
        .collect()
}

/// Every message of the specification names the file of its schema.
#[test]
fn the_specification_refers_to_every_schema() {
    let text = fs::read_to_string(workspace().join("plugin-api/ABI.md")).expect("ABI.md");
    for file in schemas() {
        let folder = file.path.split_once('/').map(|(folder, _)| folder);
        let name = folder.map_or_else(|| file.path.clone(), |folder| format!("schema/{folder}/"));
        assert!(text.contains(&name), "ABI.md does not name `{}`", file.path);
    }
}

#[test]
fn schemas_describe_every_key() {
    for file in schemas() {
        let mut missing = Vec::new();
        undescribed(&file.schema, &file.path, &mut missing);
        assert!(missing.is_empty(), "without a description: {missing:?}");
    }
}

fn undescribed(schema: &Value, path: &str, missing: &mut Vec<String>) {
    let members = |key: &str| {
        let object = schema.get(key).and_then(Value::as_object);
        object.into_iter().flatten()
    };
    for (name, property) in members("properties") {
        if property.get("description").is_none() && schema.get("description").is_some() {
            missing.push(format!("{path}: {name}"));
        }
    }
    for (name, definition) in members("$defs") {
        undescribed(definition, &format!("{path}#{name}"), missing);
    }
}

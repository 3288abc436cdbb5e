//! JSON Schemas (draft 2020-12) of the messages that cross the boundary.
//!
//! A schema states what the sender must send: for messages of the host every key that
//! it always sends, for messages of a plugin every key that the host requires. It lists
//! the words of this version. A reader accepts others, as `ABI.md` states.

use crate::{
    CompletionRequest, ErrorBody, Event, Invocation, Message, Output, Prompt, ProviderInfo, doctor,
    manifest, plugin_test, policy, service,
};
use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value;

/// A schema and the file that contains it, relative to the folder `schema`.
#[derive(Debug, Clone, PartialEq)]
pub struct SchemaFile {
    /// The relative path, such as `kt.service-1/render.result.json`.
    pub path: String,
    /// The schema.
    pub schema: Value,
}

/// Returns the schema of `T` as its sender writes it.
#[must_use]
pub fn sent<T: JsonSchema>(path: &str) -> SchemaFile {
    generate::<T>(path, SchemaSettings::draft2020_12().for_serialize())
}

/// Returns the schema of `T` as its reader requires it.
#[must_use]
pub fn required<T: JsonSchema>(path: &str) -> SchemaFile {
    generate::<T>(path, SchemaSettings::draft2020_12().for_deserialize())
}

fn generate<T: JsonSchema>(path: &str, settings: SchemaSettings) -> SchemaFile {
    let schema = settings.into_generator().into_root_schema_for::<T>();
    let mut schema = Value::from(schema);
    plain_descriptions(&mut schema);
    let title = path.trim_end_matches(".json").replace(['/', '.'], " ");
    schema["title"] = Value::String(title);
    SchemaFile {
        path: path.to_owned(),
        schema,
    }
}

/// Replaces links of rustdoc by their text, and line breaks within a paragraph.
fn plain_descriptions(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            for (key, value) in members {
                match value {
                    Value::String(text) if key == "description" => *text = plain(text),
                    value => plain_descriptions(value),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(plain_descriptions),
        _ => {}
    }
}

fn plain(text: &str) -> String {
    let paragraphs = text.split("\n\n");
    let kept = paragraphs.filter(|p| !p.starts_with('['));
    let joined: Vec<String> = kept.map(|p| p.replace('\n', " ")).collect();
    let text = joined.join("\n\n");
    let text = text.replace("[`", "`").replace("`]", "`");
    text.replace("`Self::", "`").replace("`super::", "`")
}

/// Returns the schemas of all messages that this crate defines.
#[must_use]
pub fn all() -> Vec<SchemaFile> {
    let mut all = vec![
        required::<manifest::Manifest>("manifest.json"),
        sent::<Invocation>("invocation.json"),
        sent::<CompletionRequest>("completion.json"),
        required::<Output>("result.json"),
        required::<ErrorBody>("error.json"),
        required::<Event>("event.json"),
        required::<Message>("message.json"),
        required::<Prompt>("prompt.json"),
        sent::<Vec<ProviderInfo>>("providers.json"),
        sent::<Invocation>("kt.doctor-1/check.request.json"),
        required::<Vec<doctor::DoctorCheck>>("kt.doctor-1/check.result.json"),
        sent::<plugin_test::TestRequest>("kt.plugin-test-1/run.request.json"),
        required::<plugin_test::TestReport>("kt.plugin-test-1/run.result.json"),
        sent::<serde_json::Map<String, Value>>("kt.policy-1/describe.request.json"),
        required::<policy::PolicyDescription>("kt.policy-1/describe.result.json"),
        sent::<policy::JudgeRequest>("kt.policy-1/judge.request.json"),
        required::<policy::JudgeResult>("kt.policy-1/judge.result.json"),
    ];
    all.extend(service_methods());
    all
}

fn service_methods() -> Vec<SchemaFile> {
    fn method<Request: JsonSchema, Result: JsonSchema>(name: &str) -> [SchemaFile; 2] {
        [
            sent::<Request>(&format!("kt.service-1/{name}.request.json")),
            required::<Result>(&format!("kt.service-1/{name}.result.json")),
        ]
    }
    [
        method::<serde_json::Map<String, Value>, service::Description>("describe"),
        method::<service::InspectRequest, service::Probes>("inspect"),
        method::<service::DetectRequest, service::Detection>("detect"),
        method::<service::ObserveRequest, service::ServiceStatus>("observe"),
        method::<service::RenderRequest, service::Plan>("render"),
        method::<service::RenderRequest, service::Plan>("preflight"),
        method::<service::AdoptRequest, service::Plan>("adopt"),
        method::<service::LogsRequest, service::LogSources>("logs"),
    ]
    .into_iter()
    .flatten()
    .collect()
}

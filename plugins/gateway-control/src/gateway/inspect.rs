//! `kt gateway inspect`.

use super::options::resolve_all;
use crate::args::GatewayInspectArgs;
use kt_control_api::{ConfigVersion, Gateway, connect};
use kt_plugin_api::{CellFormat, Column, Context, Error, Field, Invocation, Output, View};
use serde_json::{Value, json};

/// The number of versions in the history.
const HISTORY_LENGTH: u32 = 10;

pub(crate) fn run(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let args: GatewayInspectArgs = invocation.arguments()?;
    let client = connect(invocation, context)?;
    let gateways = resolve_all(&client, &args.id)?;
    let mut values = Vec::new();
    for gateway in &gateways {
        let id = gateway.id.as_str();
        let history = client.config_versions(id, Some(HISTORY_LENGTH), None)?;
        values.push(value(gateway, &history.items));
    }
    let (value, views) = match values.pop() {
        Some(only) if values.is_empty() => (only, views("")),
        last => {
            values.extend(last);
            let each = (0..values.len()).flat_map(|index| views(&format!("/{index}")));
            let each = each.collect();
            (Value::Array(values), each)
        }
    };
    Ok(Output::new("kt.gateway.inspect/1", value, View::Sections(views)).name_path("/id"))
}

/// Returns the views of the gateway at a JSON pointer.
fn views(at: &str) -> Vec<View> {
    let field = |label: &str, path: &str| Field::new(label, format!("{at}{path}"));
    vec![
        View::Fields(vec![
            field("ID", "/id"),
            field("Name", "/name"),
            field("Description", "/description"),
            field("Labels", "/labels"),
            field("State", "/state").format(CellFormat::State),
            field("On drift", "/drift"),
            field("Desired version", "/desired/version"),
            field("Desired SHA-256", "/desired/sha256"),
            field("Applied version", "/applied/version"),
            field("Applied SHA-256", "/applied/sha256"),
            field("Rejection reason", "/last_rejection/message"),
            field("Rejection location", "/last_rejection/location"),
            field("ETag", "/etag"),
            field("Created", "/created_at").format(CellFormat::Age),
        ]),
        View::Table {
            rows: format!("{at}/instances"),
            columns: vec![
                Column::new("INSTANCE", "/instance_id"),
                Column::new("STATE", "/state").format(CellFormat::State),
                Column::new("APPLIED", "/applied/version"),
                Column::new("SOURCE", "/source"),
                Column::new("LISTEN", "/listen"),
                Column::new("SEEN", "/seen_at").format(CellFormat::Age),
            ],
            empty: "no instance is running".to_owned(),
        },
        View::Table {
            rows: format!("{at}/history"),
            columns: vec![
                Column::new("VERSION", "/version"),
                Column::new("ORIGIN", "/origin"),
                Column::new("AUTHOR", "/author"),
                Column::new("SHA256", "/sha256").format(CellFormat::Hash),
                Column::new("CREATED", "/created_at").format(CellFormat::Age),
                Column::new("MESSAGE", "/message"),
            ],
            empty: "no configuration has been published".to_owned(),
        },
    ]
}

fn value(gateway: &Gateway, history: &[ConfigVersion]) -> Value {
    let live = gateway.instances.iter().filter(|i| i.live);
    let applied = live.clone().find_map(|i| i.applied.as_ref());
    let rejection = live.clone().find_map(|i| i.rejection.as_ref());
    let instances: Vec<Value> = gateway
        .instances
        .iter()
        .map(|i| {
            let state = kt_control_api::SyncState::of_instance(
                gateway.desired.as_ref(),
                gateway.generation,
                i,
            );
            let mut instance = json!(i);
            if let Some(map) = instance.as_object_mut() {
                map.insert("state".to_owned(), json!(state));
            }
            instance
        })
        .collect();
    let mut rejection = json!(rejection);
    let location = ["file", "line", "column"].map(|key| {
        rejection
            .get(key)
            .filter(|v| !v.is_null())
            .map(|v| v.to_string().trim_matches('"').to_owned())
    });
    let location: Vec<String> = location.into_iter().flatten().collect();
    if let Some(map) = rejection.as_object_mut() {
        map.insert("location".to_owned(), location.join(":").into());
    }
    gateway.with_settings(json!({
        "state": gateway.state,
        "etag": gateway.etag().to_string(),
        "desired": gateway.desired,
        "applied": applied,
        "last_rejection": rejection,
        "instances": instances,
        "history": history,
        "created_at": gateway.created_at,
        "updated_at": gateway.updated_at,
    }))
}

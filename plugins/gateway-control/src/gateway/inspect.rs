//! `kt gateway inspect`.

use crate::args::GatewayInspectArgs;
use kt_control_api::{ConfigVersion, Gateway, connect, resolve_gateway};
use kt_plugin_api::{CellFormat, Column, Context, Error, Field, Invocation, Output, View};
use serde_json::{Value, json};

/// The number of versions in the history.
const HISTORY_LENGTH: u32 = 10;

pub(crate) fn run(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let args: GatewayInspectArgs = invocation.arguments()?;
    let client = connect(invocation, context)?;
    let gateway = resolve_gateway(&client, args.id.as_deref())?;
    let history = client
        .config_versions(gateway.id.as_str(), Some(HISTORY_LENGTH), None)?
        .items;
    let value = value(&gateway, &history);
    let view = View::Sections(vec![
        View::Fields(vec![
            Field::new("ID", "/id"),
            Field::new("Name", "/name"),
            Field::new("Description", "/description"),
            Field::new("State", "/state").format(CellFormat::State),
            Field::new("On drift", "/drift"),
            Field::new("Desired version", "/desired/version"),
            Field::new("Desired SHA-256", "/desired/sha256"),
            Field::new("Applied version", "/applied/version"),
            Field::new("Applied SHA-256", "/applied/sha256"),
            Field::new("Rejection reason", "/last_rejection/message"),
            Field::new("Rejection location", "/last_rejection/location"),
            Field::new("ETag", "/etag"),
            Field::new("Created", "/created_at").format(CellFormat::Age),
        ]),
        View::Table {
            rows: "/instances".to_owned(),
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
            rows: "/history".to_owned(),
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
    ]);
    Ok(Output::new("kt.gateway.inspect/1", value, view).name_path("/id"))
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

//! `kt gateway inspect`.

use super::options::resolve_all;
use super::watch::Watch;
use crate::args::GatewayInspectArgs;
use kt_control_api::{
    Client, ConfigVersion, DesiredQuery, Gateway, ProviderTransport, Timestamp, connect,
};
use kt_plugin_api::{CellFormat, Class, Column, Context, Error, Field, Invocation, Output, View};
use serde_json::{Value, json};
use std::time::Duration;

/// The number of versions in the history.
const HISTORY_LENGTH: u32 = 10;

/// The wait of one long poll, in seconds. Nothing but a later report tells that an instance has
/// ended.
const POLL_SECONDS: u64 = 5;

pub(crate) fn run(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let args: GatewayInspectArgs = invocation.arguments()?;
    let client = connect(invocation, context)?;
    let gateways = resolve_all(&client, &args.id)?;
    if args.watch {
        let [gateway] = gateways.as_slice() else {
            let message = "`--watch` shows one gateway, and several are named";
            return Err(Error::new(Class::Usage, "invalid-arguments", message)
                .hint("`kt gateway list --watch` shows several"));
        };
        return watch(invocation, context, &client, gateway.clone());
    }
    output(&client, &gateways)
}

fn output(client: &Client<ProviderTransport<'_>>, gateways: &[Gateway]) -> Result<Output, Error> {
    let mut values = Vec::new();
    for gateway in gateways {
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
            field("Halted", "/halt/reason"),
            field("Halted by", "/halt/by"),
            field("Halted until", "/halt/until"),
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
                Column::new("HALTED", "/halt/halted").wide(),
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

/// Prints the gateway, and then each change of its state, until the command is interrupted.
fn watch(
    invocation: &Invocation,
    context: &Context<'_>,
    client: &Client<ProviderTransport<'_>>,
    gateway: Gateway,
) -> Result<Output, Error> {
    let watch = Watch {
        context,
        schema: "kt.gateway.inspect/1",
    };
    let for_users = matches!(invocation.output.format.as_str(), "table" | "wide");
    let id = gateway.id.clone();
    let mut next = Some(gateway);
    let mut printed: Option<Value> = None;
    watch.run(&mut || {
        let gateway = match next.take() {
            Some(gateway) => gateway,
            None => client.gateway(id.as_str())?,
        };
        let state = state(&gateway);
        if printed.as_ref() != Some(&state) {
            if printed.is_some() && for_users {
                context.partial_result(&state_output(&state));
            } else {
                context.partial_result(&output(client, std::slice::from_ref(&gateway))?);
            }
            printed = Some(state);
        }
        wait_for_change(client, &gateway)?;
        // A control plane that does not wait must not be asked without a pause.
        Ok(context.wait_cancelled(Duration::from_millis(100)))
    })
}

/// Waits until the gateway is changed or, while there are instances that have not answered the
/// last change, until one does.
fn wait_for_change(client: &Client<ProviderTransport<'_>>, gateway: &Gateway) -> Result<(), Error> {
    let generation = gateway.generation;
    let live = gateway.live_instances();
    let has_answered = |i: &kt_control_api::Instance| {
        let applied = i.applied.as_ref().map(|applied| applied.generation);
        let rejected = i.rejection.as_ref().map(|rejection| rejection.generation);
        applied.max(rejected) >= Some(generation)
    };
    if live.clone().all(has_answered) {
        let query = DesiredQuery {
            index: generation,
            wait: POLL_SECONDS,
            halt_generation: Some(gateway.halt_generation),
            ..DesiredQuery::default()
        };
        client.desired(gateway.id.as_str(), &query)?;
    } else {
        client.rollout(gateway.id.as_str(), generation, None, POLL_SECONDS)?;
    }
    Ok(())
}

/// Returns what is watched of a gateway.
fn state(gateway: &Gateway) -> Value {
    let live = gateway.live_instances();
    let applied = live.clone().find_map(|i| i.applied.as_ref());
    let rejection = live.clone().find_map(|i| i.rejection.as_ref());
    json!({
        "id": gateway.id,
        "name": gateway.name,
        "rev": gateway.rev,
        "state": gateway.state,
        "halt": gateway.halt,
        "desired_version": gateway.desired.as_ref().map(|d| d.version),
        "applied_version": applied.and_then(|a| a.version),
        "live_instances": live.count(),
        "rejection": rejection.map(|r| r.message.as_str()),
    })
}

fn state_output(state: &Value) -> Output {
    let mut value = state.clone();
    value["at"] = json!(Timestamp::now().to_string());
    let view = View::Table {
        rows: String::new(),
        columns: vec![
            Column::new("TIME", "/at"),
            Column::new("STATE", "/state").format(CellFormat::State),
            Column::new("HALTED", "/halt/reason"),
            Column::new("DESIRED", "/desired_version"),
            Column::new("APPLIED", "/applied_version"),
            Column::new("INSTANCES", "/live_instances"),
            Column::new("REJECTION", "/rejection"),
        ],
        empty: String::new(),
    };
    Output::new("kt.gateway.state/1", value, view).name_path("/id")
}

fn value(gateway: &Gateway, history: &[ConfigVersion]) -> Value {
    let live = gateway.live_instances();
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
        "halt": gateway.halt,
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

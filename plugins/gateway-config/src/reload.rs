//! `kt gateway reload`.

use crate::args::GatewayReloadArgs;
use crate::diff::{Side, SideLoader};
use crate::preview::{Preview, check_etag};
use crate::rollout::{Change, wait_for_rollout};
use kt_control_api::{Gateway, ReloadRequest, connect, parse_if_match, resolve_gateway};
use kt_fleet::fleet_args;
use kt_plugin_api::{Column, Context, Error, Invocation, Output, View};
use kt_policy_file::PolicyFile;
use serde_json::{Value, json};

/// The schema of the output.
const SCHEMA: &str = "kt.gateway.reload/1";

pub(crate) fn run(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let args: GatewayReloadArgs = invocation.arguments()?;
    let fleet = fleet_args!(args);
    if fleet.is_used()? {
        return crate::fleet::reload(invocation, context, args, &fleet);
    }
    let policy_file = if args.file.is_empty() {
        None
    } else {
        Some(kt_policy_file::read(invocation, context, &args.file)?)
    };
    let etag = parse_if_match(args.if_match.as_deref())?;
    let client = connect(invocation, context)?;
    let gateway = resolve_gateway(&client, args.id.as_deref())?;
    if invocation.dry_run {
        check_etag(&gateway, etag)?;
        let Some(file) = policy_file else {
            return Ok(source_preview(&gateway));
        };
        let loader = SideLoader {
            invocation,
            context,
            client: &client,
            gateway: &gateway,
        };
        let preview = Preview {
            schema: SCHEMA,
            gateway: &gateway,
            old: &loader.desired()?,
            new: &Side::of_file(file),
        };
        return Ok(preview.output(json!({}))?.name_path("/next_version"));
    }
    let request = ReloadRequest {
        content: policy_file.as_ref().map(PolicyFile::content),
        source: policy_file.as_ref().map(|file| file.name.clone()),
        message: args.message,
    };
    let response = client.reload(gateway.id.as_str(), &request, etag)?;
    let change = Change {
        schema: SCHEMA,
        verb: "reloaded",
        can_be_superseded: policy_file.is_some(),
        previous: gateway.desired.as_ref().map(|d| d.version),
        response,
    };
    let timeout = (!args.no_wait).then_some(args.timeout);
    wait_for_rollout(&client, context, &change, timeout)
}

/// Returns which instances would read their source again. What their files contain is known to
/// them only.
fn source_preview(gateway: &Gateway) -> Output {
    let instances: Vec<Value> = gateway
        .live_instances()
        .map(|i| json!({ "instance_id": i.instance_id, "source": i.source, "applied": i.applied }))
        .collect();
    let note = match instances.len() {
        0 => "no instance is running",
        1 => "the instance would read its source again; nothing was changed",
        _ => "the instances would read their source again; nothing was changed",
    };
    let value = json!({
        "id": gateway.id,
        "name": gateway.name,
        "dry_run": true,
        "result": "would-reload",
        "instances": instances,
        "etag": gateway.etag().to_string(),
    });
    let view = View::Table {
        rows: "/instances".to_owned(),
        columns: vec![
            Column::new("INSTANCE", "/instance_id"),
            Column::new("SOURCE", "/source"),
            Column::new("APPLIED", "/applied/version"),
        ],
        empty: String::new(),
    };
    Output::new(SCHEMA, value, view)
        .name_path("/instance_id")
        .note(note)
}

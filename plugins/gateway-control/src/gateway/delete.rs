//! `kt gateway delete`.

use super::options::resolve_all;
use crate::args::GatewayDeleteArgs;
use kt_control_api::{Gateway, connect, parse_if_match, services_of};
use kt_plugin_api::{Class, Context, Error, Invocation, Output, View};
use serde_json::{Value, json};
use std::path::Path;

pub(crate) fn run(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let args: GatewayDeleteArgs = invocation.arguments()?;
    let etag = parse_if_match(args.if_match.as_deref())?;
    if etag.is_some() && args.id.len() > 1 {
        let message = "`--if-match` is the tag of one gateway, and several are named";
        return Err(Error::new(Class::Usage, "invalid-arguments", message));
    }
    let client = connect(invocation, context)?;
    // All of them are found before one is deleted.
    let gateways = resolve_all(&client, &args.id)?;
    let state_dir = &invocation.dirs.state;
    context.confirm(&question(&gateways, state_dir))?;
    let mut deleted: Vec<Value> = Vec::new();
    let mut names: Vec<&str> = Vec::new();
    let mut notes = Vec::new();
    for gateway in &gateways {
        context
            .check_cancelled()
            .and_then(|()| Ok(client.delete_gateway(gateway.id.as_str(), etag)?))
            .map_err(|error| partly(error, &names))?;
        let services = services_of(state_dir, &gateway.id);
        notes.extend(services.iter().map(|service| {
            let name = &gateway.name;
            format!(
                "the service `{service}` runs `{name}`: kt gateway uninstall --service-name {service}"
            )
        }));
        let value = json!({
            "id": gateway.id, "name": gateway.name, "result": "deleted", "services": services,
        });
        deleted.push(value);
        names.push(&gateway.name);
    }
    let message = match names.as_slice() {
        [name] => format!(
            "gateway `{name}` deleted; its tokens are revoked, and its name can be used again"
        ),
        _ => format!(
            "gateways {} deleted; their tokens are revoked, and their names can be used again",
            quoted(&names)
        ),
    };
    let value = match deleted.pop() {
        Some(only) if deleted.is_empty() => only,
        last => {
            deleted.extend(last);
            Value::Array(deleted)
        }
    };
    let output = Output::new("kt.gateway.delete/1", value, View::Message(message));
    Ok(notes
        .into_iter()
        .fold(output.name_path("/id"), Output::note))
}

/// Adds which gateways are deleted to the error of a later one.
fn partly(error: Error, deleted: &[&str]) -> Error {
    if deleted.is_empty() {
        return error;
    }
    error
        .cause(format!("already deleted: {}", quoted(deleted)))
        .data("deleted", json!(deleted))
}

fn quoted(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    quoted.join(", ")
}

fn question(gateways: &[Gateway], state_dir: &Path) -> String {
    let each: Vec<String> = gateways
        .iter()
        .map(|gateway| description(gateway, state_dir))
        .collect();
    match each.as_slice() {
        [only] => format!("delete gateway {only}?"),
        _ => format!("delete {} gateways: {}?", each.len(), each.join("; ")),
    }
}

fn description(gateway: &Gateway, state_dir: &Path) -> String {
    let (name, id) = (&gateway.name, &gateway.id);
    let versions = match gateway.last_version {
        0 => "no configuration".to_owned(),
        1 => "1 version".to_owned(),
        count => format!("{count} versions"),
    };
    let running = match gateway.live_instances().count() {
        0 => "no running instance".to_owned(),
        1 => "1 running instance, which continues to serve until it is stopped".to_owned(),
        count => {
            format!("{count} running instances, which continue to serve until they are stopped")
        }
    };
    let services = match services_of(state_dir, &gateway.id).as_slice() {
        [] => String::new(),
        [one] => format!("; the service `{one}` of this machine runs it, and will not start again"),
        several => format!(
            "; the services {} of this machine run it, and will not start again",
            several.join(", ")
        ),
    };
    format!("`{name}` ({id}) with {versions} and {running}{services}")
}

//! `kt gateway delete`.

use super::options::resolve_all;
use crate::args::GatewayDeleteArgs;
use kt_control_api::{Gateway, connect, parse_if_match};
use kt_plugin_api::{Class, Context, Error, Invocation, Output, View};
use serde_json::{Value, json};

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
    context.confirm(&question(&gateways))?;
    let mut deleted: Vec<Value> = Vec::new();
    let mut names: Vec<&str> = Vec::new();
    for gateway in &gateways {
        context
            .check_cancelled()
            .and_then(|()| Ok(client.delete_gateway(gateway.id.as_str(), etag)?))
            .map_err(|error| partly(error, &names))?;
        let value = json!({ "id": gateway.id, "name": gateway.name, "result": "deleted" });
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
    Ok(Output::new("kt.gateway.delete/1", value, View::Message(message)).name_path("/id"))
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

fn question(gateways: &[Gateway]) -> String {
    let each: Vec<String> = gateways.iter().map(description).collect();
    match each.as_slice() {
        [only] => format!("delete gateway {only}?"),
        _ => format!("delete {} gateways: {}?", each.len(), each.join("; ")),
    }
}

fn description(gateway: &Gateway) -> String {
    let (name, id) = (&gateway.name, &gateway.id);
    let versions = match gateway.last_version {
        0 => "no configuration".to_owned(),
        1 => "1 version".to_owned(),
        count => format!("{count} versions"),
    };
    let running = match gateway.instances.iter().filter(|i| i.live).count() {
        0 => "no running instance".to_owned(),
        1 => "1 running instance, which continues to serve until it is stopped".to_owned(),
        count => {
            format!("{count} running instances, which continue to serve until they are stopped")
        }
    };
    format!("`{name}` ({id}) with {versions} and {running}")
}

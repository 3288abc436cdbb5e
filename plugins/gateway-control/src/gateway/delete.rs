//! `kt gateway delete`.

use crate::args::GatewayDeleteArgs;
use kt_control_api::{Gateway, connect, parse_if_match, resolve_gateway};
use kt_plugin_api::{Context, Error, Invocation, Output, View};
use serde_json::json;

pub(crate) fn run(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let args: GatewayDeleteArgs = invocation.arguments()?;
    let etag = parse_if_match(args.if_match.as_deref())?;
    let client = connect(invocation, context)?;
    let gateway = resolve_gateway(&client, Some(&args.id))?;
    context.confirm(&question(&gateway))?;
    client.delete_gateway(gateway.id.as_str(), etag)?;
    let value = json!({ "id": gateway.id, "name": gateway.name, "result": "deleted" });
    let view = View::Message(format!(
        "gateway `{}` deleted; its tokens are revoked, and its name can be used again",
        gateway.name
    ));
    Ok(Output::new("kt.gateway.delete/1", value, view).name_path("/id"))
}

fn question(gateway: &Gateway) -> String {
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
    format!("delete gateway `{name}` ({id}) with {versions} and {running}?")
}

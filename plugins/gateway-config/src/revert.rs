//! `kt gateway revert`.

use crate::args::GatewayRevertArgs;
use crate::diff::compare_versions;
use crate::rollout::{Change, result, wait_for_rollout};
use kt_control_api::{
    Client, Gateway, RevertRequest, Transport, connect, parse_if_match, resolve_gateway,
};
use kt_plugin_api::{Class, Context, Error, Invocation, Output, View};
use serde_json::json;

pub(crate) fn run(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let args: GatewayRevertArgs = invocation.arguments()?;
    let version = u64::try_from(args.version)
        .ok()
        .filter(|v| *v > 0)
        .ok_or_else(|| {
            Error::new(
                Class::Usage,
                "invalid-version",
                "`--version` must be at least 1",
            )
        })?;
    let etag = parse_if_match(args.if_match.as_deref())?;
    let client = connect(invocation, context)?;
    let gateway = resolve_gateway(&client, args.id.as_deref())?;
    if invocation.dry_run {
        return preview(&client, &gateway, version);
    }
    let response = client.revert(
        gateway.id.as_str(),
        &RevertRequest {
            version,
            reason: args.reason,
        },
        etag,
    )?;
    let change = Change {
        schema: "kt.gateway.revert/1",
        verb: "reverted",
        can_be_superseded: true,
        response,
    };
    if change.response.unchanged {
        return Ok(result(&change, &change.response.gateway, "unchanged"));
    }
    let timeout = (!args.no_wait).then_some(args.timeout);
    wait_for_rollout(&client, context, &change, timeout)
}

/// Returns what the revert would change, without publishing it.
fn preview<T: Transport>(
    client: &Client<T>,
    gateway: &Gateway,
    version: u64,
) -> Result<Output, Error> {
    let desired = gateway
        .desired
        .as_ref()
        .map(|d| d.version)
        .ok_or_else(|| Error::new(Class::NotFound, "no-version", "no version is desired"))?;
    let diff = compare_versions(client, gateway, desired, version)?;
    let value = json!({
        "id": gateway.id,
        "dry_run": true,
        "from_version": desired,
        "content_of": version,
        "next_version": gateway.last_version + 1,
        "changes": diff.changes,
    });
    let mut text = diff.text();
    if !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(Output::new("kt.gateway.revert/1", value, View::Text(text)).name_path("/content_of"))
}

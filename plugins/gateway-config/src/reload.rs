//! `kt gateway reload`.

use crate::args::GatewayReloadArgs;
use crate::rollout::{Change, wait_for_rollout};
use kt_control_api::{ReloadRequest, connect, parse_if_match, resolve_gateway};
use kt_plugin_api::{Context, Error, Invocation, Output};

pub(crate) fn run(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let args: GatewayReloadArgs = invocation.arguments()?;
    let policy_file = if args.file.is_empty() {
        None
    } else {
        Some(kt_policy_file::read(invocation, &args.file)?)
    };
    let etag = parse_if_match(args.if_match.as_deref())?;
    let client = connect(invocation, context)?;
    let gateway = resolve_gateway(&client, args.id.as_deref())?;
    let request = ReloadRequest {
        content: policy_file
            .as_ref()
            .map(kt_policy_file::PolicyFile::content),
        source: policy_file.as_ref().map(|file| file.name.clone()),
        message: args.message,
    };
    let response = client.reload(gateway.id.as_str(), &request, etag)?;
    let change = Change {
        schema: "kt.gateway.reload/1",
        verb: "reloaded",
        can_be_superseded: policy_file.is_some(),
        response,
    };
    let timeout = (!args.no_wait).then_some(args.timeout);
    wait_for_rollout(&client, context, &change, timeout)
}

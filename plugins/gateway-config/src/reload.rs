//! `kt gateway reload`.

use crate::rollout::{Change, wait_for_rollout};
use kt_control_api::{ReloadRequest, connect, parse_if_match, resolve_gateway};
use kt_plugin_api::{Context, Error, Invocation, Output};

pub(crate) fn run(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let files = invocation.args.texts("file");
    let policy_file = if files.is_empty() {
        None
    } else {
        Some(kt_policy_file::read(invocation, &files)?)
    };
    let etag = parse_if_match(invocation)?;
    let client = connect(invocation, context)?;
    let gateway = resolve_gateway(&client, invocation.args.text("id"))?;
    let request = ReloadRequest {
        content: policy_file
            .as_ref()
            .map(kt_policy_file::PolicyFile::content),
        source: policy_file.as_ref().map(|file| file.name.clone()),
        message: invocation.args.text("message").map(str::to_owned),
    };
    let response = client.reload(gateway.id.as_str(), &request, etag)?;
    let change = Change {
        schema: "kt.gateway.reload/1",
        verb: "reloaded",
        can_be_superseded: policy_file.is_some(),
        response,
    };
    wait_for_rollout(&client, invocation, context, &change)
}

//! `kt gateway reload`.

use crate::rollout::{Change, follow};
use kt_control_api::{ReloadRequest, connect, parse_if_match, resolve_gateway};
use kt_plugin_api::{Context, Error, Invocation, Output};

pub(crate) fn run(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let files = invocation.args.texts("file");
    let read = if files.is_empty() {
        None
    } else {
        Some(kt_policy_file::read(invocation, &files)?)
    };
    let expected = parse_if_match(invocation)?;
    let client = connect(invocation, context)?;
    let gateway = resolve_gateway(&client, invocation.args.text("id"))?;
    let reload = ReloadRequest {
        content: read.as_ref().map(kt_policy_file::PolicyFile::content),
        source: read.as_ref().map(|r| r.name.clone()),
        message: invocation.args.text("message").map(str::to_owned),
    };
    let answer = client.reload(gateway.id.as_str(), &reload, expected)?;
    let change = Change {
        schema: "kt.gateway.reload/1",
        done: "reloaded",
        pins: read.is_some(),
        answer,
    };
    follow(&client, invocation, context, &change)
}

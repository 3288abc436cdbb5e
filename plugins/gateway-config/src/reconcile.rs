//! `kt gateway reconcile`.

use crate::rollout::{Change, follow, result};
use kt_control_api::{Reconcile, connect, find_gateway};
use kt_plugin_api::{Context, Error, Invocation, Output};

pub(crate) fn run(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let client = connect(invocation, context)?;
    let gateway = find_gateway(&client, invocation.args.text("id"))?;
    let request = Reconcile {
        dry_run: invocation.dry_run,
        reason: invocation.args.text("reason").map(str::to_owned),
    };
    let answer = client.reconcile(gateway.id.as_str(), &request, None)?;
    let change = Change {
        schema: "kt.gateway.reconcile/1",
        done: "reconciled",
        pins: true,
        answer,
    };
    if invocation.dry_run {
        let word = if change.answer.unchanged {
            "unchanged"
        } else {
            "would-reconcile"
        };
        return Ok(result(&change, &gateway, word));
    }
    if change.answer.unchanged {
        return Ok(result(&change, &change.answer.gateway, "unchanged"));
    }
    follow(&client, invocation, context, &change)
}

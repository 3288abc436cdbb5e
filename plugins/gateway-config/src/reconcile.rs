//! `kt gateway reconcile`.

use crate::rollout::{Change, follow, result};
use kt_control_api::{
    ApiError, ProblemCode, ReconcileMode, ReconcileRequest, connect, resolve_gateway,
};
use kt_plugin_api::{Context, Error, Invocation, Output};

pub(crate) fn run(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let client = connect(invocation, context)?;
    let gateway = resolve_gateway(&client, invocation.args.text("id"))?;
    let accept = invocation.args.flag("accept-applied");
    let request = ReconcileRequest {
        mode: if accept {
            ReconcileMode::AcceptApplied
        } else {
            ReconcileMode::Push
        },
        dry_run: invocation.dry_run,
        reason: invocation.args.text("reason").map(str::to_owned),
    };
    let answer = client.reconcile(gateway.id.as_str(), &request, None);
    let answer = answer.map_err(|error| refused(error, &gateway.name))?;
    let change = Change {
        schema: "kt.gateway.reconcile/1",
        done: if accept { "accepted" } else { "reconciled" },
        pins: true,
        answer,
    };
    if invocation.dry_run {
        let would = if accept {
            "would-accept"
        } else {
            "would-reconcile"
        };
        let word = if change.answer.unchanged {
            "unchanged"
        } else {
            would
        };
        return Ok(result(&change, &gateway, word));
    }
    if change.answer.unchanged {
        return Ok(result(&change, &change.answer.gateway, "unchanged"));
    }
    follow(&client, invocation, context, &change)
}

/// Says what to do where what is applied cannot be accepted.
fn refused(error: ApiError, name: &str) -> Error {
    let hint = match error.code {
        Some(ProblemCode::ContentUnknown) => format!(
            "`kt gateway reconcile --id {name}` undoes it; `kt gateway reload --id {name} --file \
             FILE` publishes it"
        ),
        Some(ProblemCode::AppliedDiffers) => format!(
            "`kt gateway inspect --id {name}` shows what each serves; revert to the version that \
             is meant"
        ),
        Some(ProblemCode::NothingApplied) => format!("start it: `kt gateway run --id {name}`"),
        _ => return error.into(),
    };
    Error::from(error).hint(hint)
}

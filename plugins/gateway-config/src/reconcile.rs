//! `kt gateway reconcile`.

use crate::args::GatewayReconcileArgs;
use crate::rollout::{Change, result, wait_for_rollout};
use kt_control_api::{
    ApiError, ProblemCode, ReconcileMode, ReconcileRequest, connect, resolve_gateway,
};
use kt_fleet::fleet_args;
use kt_plugin_api::{Context, Error, Invocation, Output};

pub(crate) fn run(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let args: GatewayReconcileArgs = invocation.arguments()?;
    let fleet = fleet_args!(args);
    if fleet.is_used()? {
        return crate::fleet::reconcile(invocation, context, args, &fleet);
    }
    let client = connect(invocation, context)?;
    let gateway = resolve_gateway(&client, args.id.as_deref())?;
    let accept = args.accept_applied;
    let request = ReconcileRequest {
        mode: if accept {
            ReconcileMode::AcceptApplied
        } else {
            ReconcileMode::Push
        },
        dry_run: invocation.dry_run,
        reason: args.reason,
    };
    let response = client.reconcile(gateway.id.as_str(), &request, None);
    let response = response.map_err(|error| add_hint(error, &gateway.name))?;
    let change = Change {
        schema: "kt.gateway.reconcile/1",
        verb: if accept { "accepted" } else { "reconciled" },
        can_be_superseded: true,
        previous: gateway.desired.as_ref().map(|d| d.version),
        response,
    };
    if invocation.dry_run {
        let planned = if accept {
            "would-accept"
        } else {
            "would-reconcile"
        };
        let outcome = if change.response.unchanged {
            "unchanged"
        } else {
            planned
        };
        return Ok(result(&change, &gateway, outcome));
    }
    if change.response.unchanged {
        return Ok(result(&change, &change.response.gateway, "unchanged"));
    }
    wait_for_rollout(&client, context, &change, Some(args.timeout))
}

/// Adds how to proceed if the applied configuration cannot be accepted.
fn add_hint(error: ApiError, name: &str) -> Error {
    let hint = match error.code {
        Some(ProblemCode::ContentUnknown) => format!(
            "restore the desired version with `kt gateway reconcile {name}`, or publish the \
             configuration with `kt gateway reload {name} --file FILE`"
        ),
        Some(ProblemCode::AppliedDiffers) => format!(
            "`kt gateway inspect {name}` shows what each instance serves; revert to the \
             intended version"
        ),
        Some(ProblemCode::NothingApplied) => format!("start it with `kt gateway run {name}`"),
        _ => return error.into(),
    };
    Error::from(error).hint(hint)
}

//! `kt gateway reconcile --selector`.

use crate::args::GatewayReconcileArgs;
use kt_control_api::{
    Client, Etag, Gateway, ProviderTransport, ReconcileMode, ReconcileRequest, SyncState, connect,
};
use kt_fleet::{FleetArgs, ItemResult, PlannedChange, RolloutWait, wait_for_rollout};
use kt_plugin_api::{Class, Context, Error, Invocation, Output};
use serde_json::json;
use std::time::Duration;

pub(crate) fn run(
    invocation: &Invocation,
    context: &Context<'_>,
    args: GatewayReconcileArgs,
    fleet: &FleetArgs,
) -> Result<Output, Error> {
    if args.accept_applied {
        let message = "`--accept-applied` is for one gateway: what is applied differs";
        return Err(Error::new(Class::Usage, "invalid-arguments", message));
    }
    let request = ReconcileRequest {
        mode: ReconcileMode::Push,
        dry_run: false,
        reason: args.reason,
    };
    let client = connect(invocation, context)?;
    let execution = fleet.begin(
        (invocation, context),
        &client,
        ("reconcile", json!(request)),
        |gateways| Ok(gateways.iter().map(plan).collect()),
    )?;
    let request: ReconcileRequest = execution.request()?;
    execution.run(context, &client, |client, change| {
        apply(client, context, (change, &request), args.timeout)
    })
}

/// Plans what the control plane would do: nothing where everything is in sync, or nothing runs.
fn plan(gateway: &Gateway) -> PlannedChange {
    match (gateway.state, &gateway.desired) {
        (SyncState::InSync | SyncState::Offline, _) | (_, None) => PlannedChange::none(gateway),
        (state, Some(desired)) => {
            let change = format!("{state}: version {} is applied again", desired.version);
            PlannedChange::of(gateway, change)
        }
    }
}

fn apply(
    client: &Client<ProviderTransport<'_>>,
    context: &Context<'_>,
    (change, request): (&PlannedChange, &ReconcileRequest),
    timeout: Duration,
) -> ItemResult {
    let (id, name) = (&change.id, &change.name);
    let response = match client.reconcile(id.as_str(), request, Some(Etag(change.rev))) {
        Ok(response) => response,
        Err(error) => return ItemResult::refused(id, name, error),
    };
    let version = response.version.as_ref().map(|version| version.version);
    if response.unchanged {
        return ItemResult::done(id, name, "unchanged").version(version);
    }
    let wait = RolloutWait {
        generation: response.generation,
        version,
        timeout: Some(timeout),
    };
    let asked = ItemResult::done(id, name, "applied").version(version);
    wait_for_rollout(client, context, (change, asked), wait)
}

//! `kt gateway prune --selector`.

use kt_control_api::{
    ApiError, Client, Etag, Gateway, ProviderTransport, PruneRequest, PruneResponse, connect,
};
use kt_fleet::{FleetArgs, ItemResult, PlannedChange, run_waves};
use kt_plugin_api::{Context, Error, Invocation, Output};
use serde_json::json;
use std::ops::ControlFlow;

/// The number of gateways that are asked at the same time what would be pruned.
const PLANNED_PARALLEL: usize = 10;

/// Prunes versions of the gateways that the options select. With `--resume`, `request` is not needed.
pub(crate) fn run(
    invocation: &Invocation,
    context: &Context<'_>,
    request: Option<PruneRequest>,
    fleet: &FleetArgs,
) -> Result<Output, Error> {
    let request = request.unwrap_or_default();
    let client = connect(invocation, context)?;
    let execution = fleet.begin(
        (invocation, context),
        &client,
        ("prune", json!(request)),
        |gateways| plan(&client, context, (gateways, &request)),
    )?;
    let request: PruneRequest = execution.request()?;
    execution.run(context, &client, |client, change| {
        apply(client, change, &request)
    })
}

/// Asks the control plane what would be pruned, of the gateways that have more versions than are kept.
fn plan<'c>(
    client: &Client<ProviderTransport<'c>>,
    context: &Context<'c>,
    (gateways, request): (&[Gateway], &PruneRequest),
) -> Result<Vec<PlannedChange>, Error> {
    let dry_run = PruneRequest {
        dry_run: true,
        ..request.clone()
    };
    let mut planned = Vec::with_capacity(gateways.len());
    let mut failed: Option<ApiError> = None;
    let ask = |gateway| {
        let client = Client::new(client.transport().within(context));
        plan_one(&client, gateway, &dry_run)
    };
    run_waves(gateways, PLANNED_PARALLEL, ask, |one| {
        match one {
            Ok(one) => planned.push(one),
            Err(error) => failed = Some(error),
        }
        context.progress(&format!(
            "{} of {} planned …",
            planned.len(),
            gateways.len()
        ));
        match failed {
            Some(_) => ControlFlow::Break(()),
            None => ControlFlow::Continue(()),
        }
    });
    match failed {
        Some(error) => Err(error.into()),
        None => {
            planned.sort_by(|a, b| a.name.cmp(&b.name));
            Ok(planned)
        }
    }
}

fn plan_one(
    client: &Client<ProviderTransport<'_>>,
    gateway: &Gateway,
    dry_run: &PruneRequest,
) -> Result<PlannedChange, ApiError> {
    if gateway.last_version <= dry_run.keep {
        return Ok(PlannedChange::none(gateway));
    }
    let pruned = client.prune_versions(gateway.id.as_str(), dry_run, None)?;
    Ok(match pruned.count {
        0 => PlannedChange::none(gateway),
        _ => PlannedChange::of(gateway, describe(&pruned)),
    })
}

fn describe(pruned: &PruneResponse) -> String {
    let plural = if pruned.count == 1 {
        "version"
    } else {
        "versions"
    };
    let (count, bytes) = (pruned.count, pruned.bytes);
    format!("the contents of {count} {plural}, {bytes} bytes")
}

fn apply(
    client: &Client<ProviderTransport<'_>>,
    change: &PlannedChange,
    request: &PruneRequest,
) -> ItemResult {
    let (id, name) = (&change.id, &change.name);
    match client.prune_versions(id.as_str(), request, Some(Etag(change.rev))) {
        Ok(pruned) => ItemResult::done(id, name, "pruned")
            .version(change.version)
            .why(describe(&pruned)),
        Err(error) => ItemResult::refused(id, name, error),
    }
}

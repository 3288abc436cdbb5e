//! `kt gateway reload --selector`.

use super::comparison::Comparison;
use crate::args::GatewayReloadArgs;
use kt_control_api::{Client, Etag, ProviderTransport, ReloadRequest, connect};
use kt_fleet::{FleetArgs, ItemResult, PlannedChange, RolloutWait, wait_for_rollout};
use kt_plugin_api::{Context, Error, Invocation, Output};
use kt_policy_file::PolicyFile;
use serde_json::json;
use std::time::Duration;

pub(crate) fn run(
    invocation: &Invocation,
    context: &Context<'_>,
    args: GatewayReloadArgs,
    fleet: &FleetArgs,
) -> Result<Output, Error> {
    FleetArgs::refuse_tag(args.if_match.as_deref())?;
    let file = match args.file.as_slice() {
        [] => None,
        files => Some(kt_policy_file::read(invocation, context, files)?),
    };
    let request = ReloadRequest {
        content: file.as_ref().map(PolicyFile::content),
        source: file.as_ref().map(|file| file.name.clone()),
        message: args.message,
    };
    let client = connect(invocation, context)?;
    let execution = fleet.begin(
        (invocation, context),
        &client,
        ("reload", json!(request)),
        |gateways| match &file {
            Some(file) => Comparison::new(&file.document).plan(&client, context, gateways),
            None => {
                let each = gateways.iter();
                let plan = each.map(|one| PlannedChange::of(one, "its source is read again"));
                Ok(plan.collect())
            }
        },
    )?;
    let request: ReloadRequest = execution.request()?;
    let timeout = (!args.no_wait).then_some(args.timeout);
    execution.run(context, &client, |client, change| {
        apply(client, context, (change, &request), timeout)
    })
}

fn apply(
    client: &Client<ProviderTransport<'_>>,
    context: &Context<'_>,
    (change, request): (&PlannedChange, &ReloadRequest),
    timeout: Option<Duration>,
) -> ItemResult {
    let (id, name) = (&change.id, &change.name);
    let response = match client.reload(id.as_str(), request, Some(Etag(change.rev))) {
        Ok(response) => response,
        Err(error) => return ItemResult::refused(id, name, error),
    };
    let version = response.version.as_ref().map(|version| version.version);
    let word = match timeout {
        Some(_) => "applied",
        None => "published",
    };
    let wait = RolloutWait {
        generation: response.generation,
        version: version.filter(|_| request.content.is_some()),
        timeout,
    };
    let published = ItemResult::done(id, name, word).version(version);
    wait_for_rollout(client, context, (change, published), wait)
}

//! `kt gateway update --selector`.

use kt_control_api::{Client, Etag, Gateway, GatewayPatch, ProviderTransport, connect};
use kt_fleet::{FleetArgs, ItemResult, PlannedChange};
use kt_plugin_api::{Class, Context, Error, Invocation, Output};
use serde_json::json;

/// Updates the gateways that the options select. With `--resume`, `patch` is not needed.
pub(crate) fn run(
    invocation: &Invocation,
    context: &Context<'_>,
    patch: Option<GatewayPatch>,
    fleet: &FleetArgs,
) -> Result<Output, Error> {
    let patch = patch.unwrap_or_default();
    if patch.name.is_some() {
        let message = "names are unique: `--name` is for one gateway";
        return Err(Error::new(Class::Usage, "invalid-arguments", message));
    }
    let client = connect(invocation, context)?;
    let execution = fleet.begin(
        (invocation, context),
        &client,
        ("update", json!(patch)),
        |gateways| {
            let plan = |gateway: &Gateway| match changes(gateway, &patch) {
                changes if changes.is_empty() => PlannedChange::none(gateway),
                changes => PlannedChange::of(gateway, changes.join(", ")),
            };
            Ok(gateways.iter().map(plan).collect())
        },
    )?;
    let patch: GatewayPatch = execution.request()?;
    execution.run(context, &client, |client, change| {
        apply(client, change, &patch)
    })
}

fn apply(
    client: &Client<ProviderTransport<'_>>,
    change: &PlannedChange,
    patch: &GatewayPatch,
) -> ItemResult {
    let (id, name) = (&change.id, &change.name);
    match client.update_gateway(id.as_str(), patch, Some(Etag(change.rev))) {
        Ok(gateway) => {
            let version = gateway.desired.as_ref().map(|desired| desired.version);
            ItemResult::done(id, name, "updated").version(version)
        }
        Err(error) => ItemResult::refused(id, name, error),
    }
}

/// Returns in words what a patch changes.
pub(crate) fn changes(gateway: &Gateway, patch: &GatewayPatch) -> Vec<String> {
    let mut changes = Vec::new();
    if patch
        .name
        .as_ref()
        .is_some_and(|name| *name != gateway.name)
    {
        changes.push("name".to_owned());
    }
    let description = patch.description.as_ref();
    if description.is_some_and(|text| *text != gateway.description) {
        changes.push("description".to_owned());
    }
    for (key, value) in patch.labels.iter().flatten() {
        match (gateway.labels.get(key), value) {
            (old, Some(new)) if old != Some(new) => changes.push(format!("label {key}={new}")),
            (Some(_), None) => changes.push(format!("label {key} removed")),
            _ => {}
        }
    }
    if let Some(drift) = patch.drift.filter(|drift| *drift != gateway.drift) {
        changes.push(format!("on drift: {}", drift.as_str()));
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::changes;
    use kt_control_api::{DriftPolicy, Gateway, GatewayId, GatewayPatch};

    #[test]
    fn only_what_differs_is_a_change() {
        let mut gateway = Gateway::unavailable(GatewayId::random(), "edge".to_owned(), 1);
        gateway.labels.insert("a".to_owned(), "1".to_owned());
        gateway.labels.insert("b".to_owned(), "1".to_owned());
        let label = |key: &str, value: Option<&str>| (key.to_owned(), value.map(str::to_owned));
        let labels = [
            label("a", Some("1")),
            label("b", Some("2")),
            label("c", Some("3")),
            label("d", None),
        ];
        let patch = GatewayPatch {
            description: Some(String::new()),
            labels: Some(labels.into()),
            drift: Some(DriftPolicy::Repair),
            ..GatewayPatch::default()
        };
        assert_eq!(
            changes(&gateway, &patch),
            ["label b=2", "label c=3", "on drift: repair"]
        );
        let removed = GatewayPatch {
            labels: Some([label("a", None)].into()),
            ..GatewayPatch::default()
        };
        assert_eq!(changes(&gateway, &removed), ["label a removed"]);
    }
}

//! `kt gateway update`.

use super::options::{drift, labels};
use crate::args::GatewayUpdateArgs;
use crate::fleet::changes;
use kt_control_api::{Gateway, GatewayPatch, connect, parse_if_match, resolve_gateway};
use kt_fleet::{FleetArgs, fleet_args};
use kt_plugin_api::{CellFormat, Class, Context, Error, Field, Invocation, Output, View};
use serde_json::json;
use std::collections::BTreeMap;

pub(crate) fn run(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let args: GatewayUpdateArgs = invocation.arguments()?;
    let fleet = fleet_args!(args);
    if fleet.is_used()? {
        FleetArgs::refuse_tag(args.if_match.as_deref())?;
        let patch = match args.resume {
            Some(_) => None,
            None => Some(patch(&args)?),
        };
        return crate::fleet::update(invocation, context, patch, &fleet);
    }
    let patch = patch(&args)?;
    let etag = parse_if_match(args.if_match.as_deref())?;
    let client = connect(invocation, context)?;
    let before = resolve_gateway(&client, args.id.as_deref())?;
    if invocation.dry_run {
        let word = match changes(&before, &patch).as_slice() {
            [] => "unchanged",
            _ => "would-update",
        };
        return Ok(result(&before, word).note("nothing was changed"));
    }
    let after = client.update_gateway(before.id.as_str(), &patch, etag)?;
    let word = if after.rev == before.rev {
        "unchanged"
    } else {
        "updated"
    };
    Ok(result(&after, word))
}

fn patch(args: &GatewayUpdateArgs) -> Result<GatewayPatch, Error> {
    let set = labels(&args.label)?;
    let removed = &args.remove_label;
    if let Some(both) = removed.iter().find(|key| set.contains_key(*key)) {
        return Err(Error::new(
            Class::Usage,
            "label-twice",
            format!("label `{both}` is both set and removed"),
        ));
    }
    let mut changed: BTreeMap<String, Option<String>> = set
        .into_iter()
        .map(|(key, value)| (key, Some(value)))
        .collect();
    changed.extend(removed.iter().map(|key| (key.clone(), None)));
    let mut patch = GatewayPatch {
        labels: (!changed.is_empty()).then_some(changed),
        ..GatewayPatch::default()
    };
    patch.name = args.name.clone();
    patch.description = args.description.clone();
    patch.drift = drift(args.drift.as_ref());
    if patch == GatewayPatch::default() {
        return Err(Error::new(
            Class::Usage,
            "nothing-to-change",
            "no change was requested",
        )
        .hint("pass `--name`, `--description`, `--label KEY=VALUE`, `--remove-label KEY` or `--drift`"));
    }
    Ok(patch)
}

fn result(gateway: &Gateway, word: &str) -> Output {
    let value = gateway.with_settings(json!({
        "result": word,
        "etag": gateway.etag().to_string(),
        "updated_at": gateway.updated_at,
    }));
    let pairs = gateway.labels.keys().map(|key| {
        // Keys contain neither `/` nor `~`, so the pointer needs no escaping.
        Field::new(format!("Label {key}"), format!("/labels/{key}"))
    });
    let fields = [
        Field::new("ID", "/id"),
        Field::new("Name", "/name"),
        Field::new("Description", "/description"),
        Field::new("On drift", "/drift"),
        Field::new("Result", "/result").format(CellFormat::State),
        Field::new("ETag", "/etag"),
    ];
    let view = View::Fields(fields.into_iter().chain(pairs).collect());
    Output::new("kt.gateway.update/1", value, view).name_path("/id")
}

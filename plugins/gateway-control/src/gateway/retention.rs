//! `kt gateway pin`, `unpin` and `prune`.

use crate::args::{GatewayPinArgs, GatewayPruneArgs, GatewayUnpinArgs};
use kt_control_api::{
    Gateway, PruneRequest, PruneResponse, VersionRange, check_version, connect, resolve_gateway,
};
use kt_fleet::fleet_args;
use kt_plugin_api::{CellFormat, Class, Context, Error, Field, Invocation, Output, View};
use serde_json::json;

pub(crate) fn pin(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let args: GatewayPinArgs = invocation.arguments()?;
    let version = positive_number("version", args.version)?;
    set_pinned(invocation, context, (args.id.as_deref(), version), true)
}

pub(crate) fn unpin(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let args: GatewayUnpinArgs = invocation.arguments()?;
    let version = positive_number("version", args.version)?;
    set_pinned(invocation, context, (args.id.as_deref(), version), false)
}

fn set_pinned(
    invocation: &Invocation,
    context: &Context<'_>,
    (id, version): (Option<&str>, u64),
    pin: bool,
) -> Result<Output, Error> {
    let client = connect(invocation, context)?;
    let gateway = resolve_gateway(&client, id)?;
    check_version(&gateway, version)?;
    let pinned = client.pin_version(gateway.id.as_str(), version, pin)?;
    let (schema, state) = if pin {
        ("kt.gateway.pin/1", "pinned")
    } else {
        ("kt.gateway.unpin/1", "not pinned")
    };
    let value = json!({
        "id": gateway.id,
        "name": gateway.name,
        "version": pinned.version,
        "sha256": pinned.sha256,
        "pinned": pinned.pinned,
    });
    let view = View::Message(format!(
        "version {version} of gateway `{}` is {state}",
        gateway.name
    ));
    Ok(Output::new(schema, value, view).name_path("/version"))
}

pub(crate) fn prune(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let args: GatewayPruneArgs = invocation.arguments()?;
    let fleet = fleet_args!(args);
    let many = fleet.is_used()?;
    if many && args.resume.is_some() {
        return crate::fleet::prune(invocation, context, None, &fleet);
    }
    let keep = args.keep.ok_or_else(|| {
        let message = "`--keep N` is missing: the number of newest versions to retain";
        Error::new(Class::Usage, "missing-argument", message)
    })?;
    let mut request = PruneRequest {
        keep: positive_number("keep", keep)?,
        dry_run: false,
        reason: args.reason.clone(),
    };
    if many {
        return crate::fleet::prune(invocation, context, Some(request), &fleet);
    }
    request.dry_run = true;
    let client = connect(invocation, context)?;
    let gateway = resolve_gateway(&client, args.id.as_deref())?;
    let id = gateway.id.as_str();
    let plan = client.prune_versions(id, &request, None)?;
    if invocation.dry_run {
        return Ok(prune_result(&gateway, &plan, "would-prune"));
    }
    if plan.count == 0 {
        return Ok(prune_result(&gateway, &plan, "unchanged"));
    }
    context.confirm(&format!(
        "permanently remove the content of {}?",
        describe_versions(&gateway, &plan)
    ))?;
    request.dry_run = false;
    let pruned = client.prune_versions(id, &request, None)?;
    Ok(prune_result(&gateway, &pruned, "pruned"))
}

fn prune_result(gateway: &Gateway, pruned: &PruneResponse, word: &str) -> Output {
    let value = json!({
        "id": gateway.id,
        "name": gateway.name,
        "result": word,
        "versions": pruned.versions,
        "count": pruned.count,
        "bytes": pruned.bytes,
    });
    let versions = describe_versions(gateway, pruned);
    let message = match word {
        "pruned" => format!("the content of {versions} was removed; the versions are still listed"),
        "unchanged" => format!("gateway `{}` has no content to prune", gateway.name),
        _ => format!("the content of {versions} would be removed"),
    };
    let view = View::Sections(vec![
        View::Message(message),
        View::Fields(vec![
            Field::new("ID", "/id"),
            Field::new("Result", "/result").format(CellFormat::State),
            Field::new("Versions", "/count"),
            Field::new("Bytes", "/bytes"),
        ]),
    ]);
    Output::new("kt.gateway.prune/1", value, view).name_path("/id")
}

fn describe_versions(gateway: &Gateway, pruned: &PruneResponse) -> String {
    let plural = if pruned.count == 1 {
        "version"
    } else {
        "versions"
    };
    let ranges: Vec<String> = pruned.versions.iter().map(format_range).collect();
    let name = &gateway.name;
    format!("{plural} {} of gateway `{name}`", ranges.join(", "))
}

fn format_range(range: &VersionRange) -> String {
    if range.from == range.to {
        range.from.to_string()
    } else {
        format!("{} to {}", range.from, range.to)
    }
}

/// Parses a number that is at least 1.
fn positive_number(name: &str, number: i64) -> Result<u64, Error> {
    match u64::try_from(number) {
        Ok(number) if number > 0 => Ok(number),
        _ => Err(Error::new(
            Class::Usage,
            "invalid-number",
            format!("`--{name}` must be at least 1"),
        )),
    }
}

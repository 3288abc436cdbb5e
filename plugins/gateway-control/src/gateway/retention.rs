//! `kt gateway pin`, `unpin` and `prune`.

use kt_control_api::{
    Gateway, PruneRequest, PruneResponse, VersionRange, connect, resolve_gateway,
};
use kt_plugin_api::{CellFormat, Class, Context, Error, Field, Invocation, Output, View};
use serde_json::json;

pub(crate) fn pin(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    pinned(invocation, context, true)
}

pub(crate) fn unpin(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    pinned(invocation, context, false)
}

fn pinned(invocation: &Invocation, context: &Context<'_>, pin: bool) -> Result<Output, Error> {
    let version = count(invocation, "version")?;
    let client = connect(invocation, context)?;
    let gateway = resolve_gateway(&client, invocation.args.text("id"))?;
    let found = client.pin_version(gateway.id.as_str(), version, pin)?;
    let (schema, done) = if pin {
        ("kt.gateway.pin/1", "pinned")
    } else {
        ("kt.gateway.unpin/1", "not pinned")
    };
    let value = json!({
        "id": gateway.id,
        "name": gateway.name,
        "version": found.version,
        "sha256": found.sha256,
        "pinned": found.pinned,
    });
    let view = View::Message(format!(
        "version {version} of gateway `{}` is {done}",
        gateway.name
    ));
    Ok(Output::new(schema, value, view).name_path("/version"))
}

pub(crate) fn prune(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let mut request = PruneRequest {
        keep: count(invocation, "keep")?,
        dry_run: true,
        reason: invocation.args.text("reason").map(str::to_owned),
    };
    let client = connect(invocation, context)?;
    let gateway = resolve_gateway(&client, invocation.args.text("id"))?;
    let id = gateway.id.as_str();
    let planned = client.prune_versions(id, &request)?;
    if invocation.dry_run {
        return Ok(shown(&gateway, &planned, "would-prune"));
    }
    if planned.count == 0 {
        return Ok(shown(&gateway, &planned, "unchanged"));
    }
    context.confirm(&format!(
        "give up the contents of {}, for ever?",
        told(&gateway, &planned)
    ))?;
    request.dry_run = false;
    let pruned = client.prune_versions(id, &request)?;
    Ok(shown(&gateway, &pruned, "pruned"))
}

fn shown(gateway: &Gateway, pruned: &PruneResponse, word: &str) -> Output {
    let value = json!({
        "id": gateway.id,
        "name": gateway.name,
        "result": word,
        "versions": pruned.versions,
        "count": pruned.count,
        "bytes": pruned.bytes,
    });
    let what = told(gateway, pruned);
    let message = match word {
        "pruned" => format!("the contents of {what} are gone; the versions stay listed"),
        "unchanged" => format!("gateway `{}` has no content to give up", gateway.name),
        _ => format!("the contents of {what} would be given up"),
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

fn told(gateway: &Gateway, pruned: &PruneResponse) -> String {
    let plural = if pruned.count == 1 {
        "version"
    } else {
        "versions"
    };
    let listed: Vec<String> = pruned.versions.iter().map(range).collect();
    let name = &gateway.name;
    format!("{plural} {} of gateway `{name}`", listed.join(", "))
}

fn range(range: &VersionRange) -> String {
    if range.from == range.to {
        range.from.to_string()
    } else {
        format!("{} to {}", range.from, range.to)
    }
}

/// A number from 1.
fn count(invocation: &Invocation, name: &str) -> Result<u64, Error> {
    let given = invocation.args.integer(name).unwrap_or_default();
    match u64::try_from(given) {
        Ok(number) if number > 0 => Ok(number),
        _ => Err(Error::new(
            Class::Usage,
            "bad-number",
            format!("`--{name}` must be a number from 1"),
        )),
    }
}

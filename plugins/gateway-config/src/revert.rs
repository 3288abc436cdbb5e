//! `kt gateway revert`.

use crate::args::GatewayRevertArgs;
use crate::diff::SideLoader;
use crate::preview::{Preview, check_etag};
use crate::rollout::{Change, result, wait_for_rollout};
use kt_control_api::{
    Client, ConfigVersion, Gateway, RevertRequest, Transport, check_version, connect,
    parse_if_match, resolve_gateway,
};
use kt_plugin_api::{Class, Context, Error, Invocation, Output};
use serde_json::json;

/// The schema of the output.
const SCHEMA: &str = "kt.gateway.revert/1";

/// The number of applied versions that are read at once.
const PAGE_SIZE: u32 = 50;

pub(crate) fn run(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let args: GatewayRevertArgs = invocation.arguments()?;
    let version = args.version.map(version_number).transpose()?;
    let etag = parse_if_match(args.if_match.as_deref())?;
    let client = connect(invocation, context)?;
    let gateway = resolve_gateway(&client, args.id.as_deref())?;
    let previous = match version {
        Some(_) => None,
        None => Some(applied_before(&client, &gateway)?),
    };
    let version = version.or(previous).unwrap_or_default();
    check_version(&gateway, version)?;
    let note = previous.map(|version| format!("version {version} was applied before"));
    // The version was selected for this revision.
    let etag = etag.or(previous.map(|_| gateway.etag()));
    if invocation.dry_run {
        check_etag(&gateway, etag)?;
        let loader = SideLoader {
            invocation,
            context,
            client: &client,
            gateway: &gateway,
        };
        let preview = Preview {
            schema: SCHEMA,
            gateway: &gateway,
            old: &loader.desired()?,
            new: &loader.version("version", version)?,
        };
        let output = preview.output(json!({ "content_of": version }))?;
        return Ok(with_note(output.name_path("/content_of"), note));
    }
    let request = RevertRequest {
        version,
        reason: args.reason,
    };
    let response = client.revert(gateway.id.as_str(), &request, etag)?;
    let change = Change {
        schema: SCHEMA,
        verb: "reverted",
        can_be_superseded: true,
        previous: gateway.desired.as_ref().map(|d| d.version),
        response,
    };
    if change.response.unchanged {
        return Ok(result(&change, &change.response.gateway, "unchanged"));
    }
    let timeout = (!args.no_wait).then_some(args.timeout);
    let output = wait_for_rollout(&client, context, &change, timeout)?;
    Ok(with_note(output, note))
}

fn version_number(number: i64) -> Result<u64, Error> {
    u64::try_from(number)
        .ok()
        .filter(|version| *version > 0)
        .ok_or_else(|| {
            Error::new(
                Class::Usage,
                "invalid-version",
                "`--version` must be at least 1",
            )
        })
}

fn with_note(output: Output, note: Option<String>) -> Output {
    match note {
        Some(note) => output.note(note),
        None => output,
    }
}

/// Returns the newest version with another content than the desired one that an instance has
/// applied: the one that was in use before. A version that was rejected was never in use.
///
/// # Errors
/// Class `not-found` if there is none, or its content was pruned.
fn applied_before<T: Transport>(client: &Client<T>, gateway: &Gateway) -> Result<u64, Error> {
    let desired = gateway.desired.as_ref().ok_or_else(|| {
        Error::new(
            Class::NotFound,
            "no-version",
            format!("gateway `{}` has no configuration yet", gateway.name),
        )
        .hint("`kt gateway reload --file policy-config.yaml` publishes one")
    })?;
    let mut before = Some(desired.version);
    while before.is_some() {
        let page = client.applied_versions(gateway.id.as_str(), PAGE_SIZE, before)?;
        let other = |version: &&ConfigVersion| version.sha256 != desired.sha256;
        if let Some(found) = page.items.iter().find(other) {
            return with_content(gateway, found);
        }
        let last = page.items.last().map(|version| version.version);
        before = page.next_cursor.and(last);
    }
    Err(Error::new(
        Class::NotFound,
        "no-applied-version",
        format!(
            "no version of gateway `{}` was applied before version {}",
            gateway.name, desired.version
        ),
    )
    .hint(format!(
        "`kt gateway versions {}` lists the versions; select one with `--version`",
        gateway.name
    )))
}

fn with_content(gateway: &Gateway, found: &ConfigVersion) -> Result<u64, Error> {
    if found.pruned_at.is_none() {
        return Ok(found.version);
    }
    let version = found.version;
    Err(Error::new(
        Class::NotFound,
        "content-pruned",
        format!("version {version}, which was applied before, was pruned"),
    )
    .hint(format!(
        "`kt gateway versions {}` lists the versions; select one with `--version`",
        gateway.name
    )))
}

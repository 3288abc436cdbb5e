//! `kt gateway diff`.

use crate::args::{GatewayDiffArgs, GatewayDiffFormat};
use kt_control_api::{Client, Gateway, Transport, connect, resolve_gateway};
use kt_plugin_api::{Class, Context, Error, Invocation, Output, View};
use kt_policy::{Diff, Document, Source};
use serde_json::{Value, json};

/// The note on a patch with masked secrets.
const MASKED_PATCH_NOTE: &str = "changed secrets are masked in the patch: applying it does not \
                                 reproduce the file";

/// The version that the file is compared with.
struct Base {
    kind: &'static str,
    version: u64,
}

pub(crate) fn run(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let args: GatewayDiffArgs = invocation.arguments()?;
    let file = kt_policy_file::read(invocation, &args.file)?;
    let client = connect(invocation, context)?;
    let gateway = resolve_gateway(&client, args.id.as_deref())?;
    let base = select_base(&gateway, args.against.as_deref())?;
    let old = fetch_document(&client, &gateway, base.version)?;
    let diff = kt_policy::diff(&old, &file.document);
    let value = value(&gateway, &base, &old, &file, &diff)?;
    let mut text = match args.format {
        GatewayDiffFormat::Unified => {
            diff.unified(&format!("version {}", base.version), &file.name)
        }
        GatewayDiffFormat::JsonPatch => format!("{:#}", json!(diff.patch)),
        GatewayDiffFormat::Text => diff.text(),
    };
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    let mut output =
        Output::new("kt.gateway.diff/1", value, View::Text(text)).name_path("/gateway");
    if diff.patch.masked && args.format == GatewayDiffFormat::JsonPatch {
        output = output.note(MASKED_PATCH_NOTE);
    }
    if diff.changes.is_empty() {
        return Ok(output);
    }
    let weakened = !diff.guards_weakened().is_empty();
    let outcome = if weakened && args.fail_on_weaken {
        "weakens"
    } else {
        Class::Negative.name()
    };
    Ok(output.outcome(outcome).note(format!(
        "to publish exactly this: kt gateway reload --id {} --file {} --if-match {}",
        gateway.name,
        file.name.replace(", ", " --file "),
        gateway.etag()
    )))
}

/// Compares two versions of a gateway.
///
/// # Errors
/// If a version does not exist or is no longer valid.
pub(crate) fn compare_versions<T: Transport>(
    client: &Client<T>,
    gateway: &Gateway,
    from: u64,
    to: u64,
) -> Result<Diff, Error> {
    let (old, new) = (
        fetch_document(client, gateway, from)?,
        fetch_document(client, gateway, to)?,
    );
    Ok(kt_policy::diff(&old, &new))
}

fn fetch_document<T: Transport>(
    client: &Client<T>,
    gateway: &Gateway,
    version: u64,
) -> Result<Document, Error> {
    let content = client.config_content(gateway.id.as_str(), version)?;
    let source = Source::new(format!("version {version}"), content);
    kt_policy::parse(&[source]).map_err(|problems| {
        kt_policy_file::invalid_configuration(&problems).cause(format!(
            "version {version} of gateway `{}` is not valid in this version of kt",
            gateway.name
        ))
    })
}

fn select_base(gateway: &Gateway, against: Option<&str>) -> Result<Base, Error> {
    let applied = gateway
        .instances
        .iter()
        .filter(|i| i.live)
        .find_map(|i| i.applied.as_ref());
    let desired = gateway.desired.as_ref().map(|d| d.version);
    let no_version = |kind: &str| {
        Error::new(
            Class::NotFound,
            "no-version",
            format!("gateway `{}` has no {kind} configuration", gateway.name),
        )
    };
    let published = |version: Option<u64>| {
        version.ok_or_else(|| {
            Error::new(
                Class::Conflict,
                "applied-unpublished",
                "the applied configuration was never published, so it cannot be compared",
            )
            .hint("use `--against desired`, or restore the desired version with `kt gateway reconcile`")
        })
    };
    match (against, applied) {
        (Some("applied"), None) => Err(no_version("applied").hint("no instance is running")),
        (Some("applied") | None, Some(applied)) => Ok(Base {
            kind: "applied",
            version: published(applied.version)?,
        }),
        (Some("desired") | None, _) => Ok(Base {
            kind: "desired",
            version: desired.ok_or_else(|| no_version("desired"))?,
        }),
        (Some(value), _) => value
            .strip_prefix("version:")
            .and_then(|n| n.parse().ok())
            .map(|version| Base {
                kind: "version",
                version,
            })
            .ok_or_else(|| {
                Error::new(
                    Class::Usage,
                    "invalid-against",
                    format!("`{value}` is not a valid value of `--against`"),
                )
                .hint("use `applied`, `desired` or `version:N`")
            }),
    }
}

fn value(
    gateway: &Gateway,
    base: &Base,
    old: &Document,
    file: &kt_policy_file::PolicyFile,
    diff: &Diff,
) -> Result<Value, Error> {
    let mut value = serde_json::to_value(diff)
        .map_err(|e| Error::internal("the difference cannot be serialized").cause(e))?;
    if let Some(map) = value.as_object_mut() {
        map.insert("gateway".to_owned(), json!(gateway.id));
        map.insert(
            "base".to_owned(),
            json!({ "kind": base.kind, "version": base.version, "sha256": old.sha256() }),
        );
        map.insert(
            "target".to_owned(),
            json!({ "file": file.name, "sha256": file.document.sha256() }),
        );
        map.insert("etag".to_owned(), json!(gateway.etag().to_string()));
    }
    Ok(value)
}

//! `kt gateway config`: prints the content of a version, as it was published.

use crate::args::GatewayConfigArgs;
use kt_control_api::{Gateway, check_version, connect, resolve_gateway};
use kt_plugin_api::{Class, Context, Error, Invocation, Output, View};
use serde_json::json;

pub(crate) fn run(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let args: GatewayConfigArgs = invocation.arguments()?;
    let client = connect(invocation, context)?;
    let gateway = resolve_gateway(&client, args.id.as_deref())?;
    let version = version_number(&gateway, &args.version)?;
    check_version(&gateway, version)?;
    let id = gateway.id.as_str();
    let meta = client.config_version(id, version)?;
    let content = client.config_content(id, version)?;
    let value = json!({
        "id": gateway.id,
        "version": meta.version,
        "sha256": meta.sha256,
        "origin": meta.origin,
        "author": meta.author,
        "created_at": meta.created_at,
        "content": content,
    });
    Ok(Output::new("kt.gateway.config/1", value, View::Text(content)).name_path("/version"))
}

/// Resolves `desired`, `applied` or a number to a version.
fn version_number(gateway: &Gateway, selector: &str) -> Result<u64, Error> {
    let no_version = |kind: &str| {
        Error::new(
            Class::NotFound,
            "no-version",
            format!("gateway `{}` has no {kind} configuration", gateway.name),
        )
    };
    match selector {
        "desired" => gateway
            .desired
            .as_ref()
            .map(|d| d.version)
            .ok_or_else(|| no_version("desired")),
        "applied" => {
            let applied = gateway.live_instances().find_map(|i| i.applied.as_ref());
            let applied =
                applied.ok_or_else(|| no_version("applied").hint("no instance is running"))?;
            applied.version.ok_or_else(|| {
                no_version("published applied")
                    .hint("its configuration was never published; see `kt gateway inspect`")
            })
        }
        number => number.parse().ok().filter(|n| *n > 0).ok_or_else(|| {
            Error::new(
                Class::Usage,
                "invalid-version",
                format!("`{number}` is not a version"),
            )
            .hint("use a number from 1, `desired` or `applied`")
        }),
    }
}

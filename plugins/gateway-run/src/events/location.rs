//! Where the audit log of a gateway is on this machine.

use crate::control::find_by_name;
use kt_control_api::{connect, resolve_gateway};
use kt_plugin_api::{Class, Context, Error, Invocation};
use std::path::{Path, PathBuf};

/// The name of the file that is written.
const AUDIT_FILE: &str = "audit.jsonl";

/// Returns the audit log of the gateway with an id or a name, or `local`; without one, the only
/// audit log of this machine.
///
/// # Errors
/// Class `not-found` if there is none, `usage` if there are several.
pub(super) fn audit_file(
    invocation: &Invocation,
    context: &Context<'_>,
    gateway: Option<&str>,
) -> Result<PathBuf, Error> {
    let root = invocation.dirs.state.join("gateway");
    let dir = match gateway {
        Some(gateway) => gateway_dir(invocation, context, &root, gateway)?,
        None => only_dir(&root)?,
    };
    Ok(dir.join(AUDIT_FILE))
}

fn gateway_dir(
    invocation: &Invocation,
    context: &Context<'_>,
    root: &Path,
    gateway: &str,
) -> Result<PathBuf, Error> {
    // An id may be that of a gateway that was deleted, or whose control plane is away.
    let is_plain = |name: &str| {
        let mut bytes = name.bytes();
        bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_') && !name.is_empty()
    };
    if is_plain(gateway) && root.join(gateway).is_dir() {
        return Ok(root.join(gateway));
    }
    if let Some(stored) = find_by_name(root, gateway) {
        return Ok(root.join(stored.gateway));
    }
    let client = connect(invocation, context)?;
    let found = resolve_gateway(&client, Some(gateway))?;
    let dir = root.join(found.id.as_str());
    if dir.is_dir() {
        return Ok(dir);
    }
    Err(Error::new(
        Class::NotFound,
        "no-events",
        format!("gateway `{gateway}` has not run on this machine"),
    )
    .hint("events are on the machine that the gateway runs on"))
}

fn only_dir(root: &Path) -> Result<PathBuf, Error> {
    let dirs = std::fs::read_dir(root).into_iter().flatten();
    let mut dirs: Vec<PathBuf> = dirs
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|dir| dir.join(AUDIT_FILE).exists())
        .collect();
    dirs.sort();
    match dirs.as_slice() {
        [only] => Ok(only.clone()),
        [] => Err(Error::new(
            Class::NotFound,
            "no-events",
            "no gateway has run on this machine",
        )
        .hint("start one with `kt gateway run`")),
        several => {
            let names = several.iter().filter_map(|dir| dir.file_name()?.to_str());
            let names: Vec<&str> = names.collect();
            Err(Error::new(
                Class::Usage,
                "gateway-not-named",
                "several gateways have events on this machine, and `--id` is not set",
            )
            .hint(format!(
                "pass `--id` with a name or one of {}",
                names.join(", ")
            )))
        }
    }
}

/// Returns the error for an audit log that cannot be read.
pub(super) fn unreadable(file: &Path, error: &std::io::Error) -> Error {
    let message = format!("cannot read the audit log `{}`", file.display());
    Error::new(Class::Unavailable, "audit-log", message).cause(error)
}

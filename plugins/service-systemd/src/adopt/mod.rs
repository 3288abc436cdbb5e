//! Moves the user's edits of a unit to a drop-in, which `install` does not modify.

use crate::manager::{self, CALL_TIMEOUT_MS, systemctl};
use kt_plugin_api::service::{AdoptRequest, Artifact, Plan, Step, StepAction};
use kt_plugin_api::{Class, Error};

/// Settings with several values. An empty assignment resets the list, so the
/// drop-in repeats all values. A later assignment of any other setting replaces
/// the earlier one.
const LISTS: [&str; 14] = [
    "Documentation",
    "Environment",
    "EnvironmentFile",
    "ExecReload",
    "ExecStart",
    "ExecStartPost",
    "ExecStartPre",
    "ExecStop",
    "ExecStopPost",
    "InaccessiblePaths",
    "ReadWritePaths",
    "RestartPreventExitStatus",
    "SystemCallFilter",
    "RestrictAddressFamilies",
];
/// Dependencies also have several values, but cannot be reset.
const DEPENDENCIES: [&str; 6] = ["After", "Before", "Requires", "Wants", "PartOf", "BindsTo"];

/// Section, key and value, in order.
type Settings = Vec<(String, String, String)>;

pub(crate) fn plan(request: &AdoptRequest) -> Result<Plan, Error> {
    let original = parse_settings(&request.original);
    let content = render_drop_in(&original, &parse_settings(&request.edited))?;
    let unit = manager::unit_name(&request.spec.family, &request.spec.name);
    let dir = manager::unit_path(&request.system, &format!("{unit}.d"));
    // A later drop-in must not replace an earlier one.
    let path = dir.join(format!("50-adopted-{}.conf", short_hash(&content)));
    let mut plan = Plan::default();
    if content.is_empty() {
        plan.warnings
            .push("only comments and blank lines were edited; they are not preserved".to_owned());
        return Ok(plan);
    }
    plan.steps = vec![
        Step::new(
            "adopt",
            "move the edits to a drop-in",
            StepAction::Write(path.clone()),
        )
        .undo(systemctl(
            &request.system,
            &["daemon-reload"],
            CALL_TIMEOUT_MS,
        )),
    ];
    plan.warnings
        .push(format!("the edits were moved to {}", path.display()));
    plan.artifacts = vec![Artifact {
        path,
        mode: 0o644,
        content,
    }];
    Ok(plan)
}

/// FNV-1a, 32 bits; only distinguishes the drop-ins of one unit.
fn short_hash(text: &str) -> String {
    let hash = text.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    format!("{hash:08x}")
}

/// Parses a unit; a trailing backslash continues a line.
fn parse_settings(text: &str) -> Settings {
    let joined = text.replace("\\\n", " ");
    let mut section = String::new();
    let mut settings = Vec::new();
    for line in joined.lines().map(str::trim) {
        if line.starts_with('#') || line.starts_with(';') {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            name.clone_into(&mut section);
        } else if let Some((key, value)) = line.split_once('=') {
            settings.push((
                section.clone(),
                key.trim().to_owned(),
                value.trim().to_owned(),
            ));
        }
    }
    settings
}

fn values<'a>(all: &'a Settings, section: &str, key: &str) -> Vec<&'a str> {
    all.iter()
        .filter(|(s, k, _)| s == section && k == key)
        .map(|(_, _, v)| v.as_str())
        .collect()
}

fn render_drop_in(original: &Settings, edited: &Settings) -> Result<String, Error> {
    let mut text = String::new();
    let mut section = "";
    let mut seen: Vec<(&str, &str)> = Vec::new();
    for (s, key, _) in edited.iter().chain(original) {
        if seen.contains(&(s, key)) {
            continue;
        }
        seen.push((s, key));
        let (old, new) = (values(original, s, key), values(edited, s, key));
        if old == new {
            continue;
        }
        if s != section {
            text.push_str(&format!("[{s}]\n"));
            section = s;
        }
        text.push_str(&render_change(s, key, &old, &new)?);
    }
    Ok(text)
}

fn render_change(section: &str, key: &str, old: &[&str], new: &[&str]) -> Result<String, Error> {
    let impossible = |cause: &str| {
        let message = format!("the edit of `{key}` cannot be moved to a drop-in");
        Err(Error::new(Class::Conflict, "adopt-impossible", message)
            .cause(cause)
            .hint("undo the edit, or replace the file with `--force`, which keeps a backup"))
    };
    if section == "Install" {
        return impossible("the section `[Install]` of a drop-in is ignored");
    }
    let line = |value: &&str| format!("{key}={value}\n");
    if DEPENDENCIES.contains(&key) {
        if old.iter().any(|value| !new.contains(value)) {
            return impossible("a drop-in cannot remove a dependency");
        }
        return Ok(new.iter().filter(|v| !old.contains(v)).map(line).collect());
    }
    if LISTS.contains(&key) {
        return Ok(format!("{key}=\n") + &new.iter().map(line).collect::<String>());
    }
    if new.is_empty() {
        return impossible("a drop-in cannot remove a setting, only change it");
    }
    // For a single value the last assignment wins; for an unknown list all values
    // are added.
    Ok(new.iter().map(line).collect())
}

#[cfg(test)]
mod tests;

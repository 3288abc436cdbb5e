//! Moves a person's edits of a unit into a drop-in, which `install` never
//! touches.

use crate::manager::{self, QUICK_MS, systemctl};
use kt_plugin_api::service::{AdoptRequest, Artifact, Plan, Step, StepAction};
use kt_plugin_api::{Class, Error};

/// Settings that add up. An empty assignment forgets what the unit said, so all
/// their values are written again. Others are replaced by a later one.
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
/// Dependencies add up too, but cannot be forgotten.
const DEPENDENCIES: [&str; 6] = ["After", "Before", "Requires", "Wants", "PartOf", "BindsTo"];

type Settings = Vec<(String, String, String)>;

pub(crate) fn plan(request: &AdoptRequest) -> Result<Plan, Error> {
    let (written, edited) = (settings(&request.original), settings(&request.edited));
    let content = drop_in(&written, &edited)?;
    let unit = manager::unit_name(&request.spec.family, &request.spec.name);
    let dir = manager::unit_path(&request.system, &format!("{unit}.d"));
    // A second adoption must not replace the first one.
    let path = dir.join(format!("50-adopted-{}.conf", short_hash(&content)));
    let mut plan = Plan::default();
    if content.is_empty() {
        plan.warnings
            .push("only comments and blank lines were edited: nothing is kept".to_owned());
        return Ok(plan);
    }
    plan.steps = vec![
        Step::new(
            "adopt",
            "keep the edits in a drop-in",
            StepAction::Write(path.clone()),
        )
        .undo(systemctl(&request.system, &["daemon-reload"], QUICK_MS)),
    ];
    plan.warnings
        .push(format!("your edits are now in {}", path.display()));
    plan.artifacts = vec![Artifact {
        path,
        mode: 0o644,
        content,
    }];
    Ok(plan)
}

/// FNV-1a, 32 bits: only tells drop-ins of one unit apart.
fn short_hash(text: &str) -> String {
    let hash = text.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    format!("{hash:08x}")
}

/// `(section, key, value)` in order; a backslash at its end continues a line.
fn settings(text: &str) -> Settings {
    let joined = text.replace("\\\n", " ");
    let mut section = String::new();
    let mut found = Vec::new();
    for line in joined.lines().map(str::trim) {
        if line.starts_with('#') || line.starts_with(';') {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|l| l.strip_suffix(']')) {
            name.clone_into(&mut section);
        } else if let Some((key, value)) = line.split_once('=') {
            found.push((
                section.clone(),
                key.trim().to_owned(),
                value.trim().to_owned(),
            ));
        }
    }
    found
}

fn values<'a>(all: &'a Settings, section: &str, key: &str) -> Vec<&'a str> {
    all.iter()
        .filter(|(s, k, _)| s == section && k == key)
        .map(|(_, _, v)| v.as_str())
        .collect()
}

fn drop_in(written: &Settings, edited: &Settings) -> Result<String, Error> {
    let mut text = String::new();
    let mut section = "";
    let mut done: Vec<(&str, &str)> = Vec::new();
    for (s, key, _) in edited.iter().chain(written) {
        if done.contains(&(s, key)) {
            continue;
        }
        done.push((s, key));
        let (was, is) = (values(written, s, key), values(edited, s, key));
        if was == is {
            continue;
        }
        if s != section {
            text.push_str(&format!("[{s}]\n"));
            section = s;
        }
        text.push_str(&change(s, key, &was, &is)?);
    }
    Ok(text)
}

fn change(section: &str, key: &str, was: &[&str], is: &[&str]) -> Result<String, Error> {
    let impossible = |why: &str| {
        let message = format!("the edit of `{key}` cannot be kept in a drop-in");
        Err(Error::new(Class::Conflict, "adopt-impossible", message)
            .cause(why)
            .hint("undo that edit, or replace the file with `--force`, which keeps a copy"))
    };
    if section == "Install" {
        return impossible("drop-ins do not change when a unit starts by itself");
    }
    let line = |value: &&str| format!("{key}={value}\n");
    if DEPENDENCIES.contains(&key) {
        if was.iter().any(|old| !is.contains(old)) {
            return impossible("a dependency cannot be taken away again");
        }
        return Ok(is.iter().filter(|v| !was.contains(v)).map(line).collect());
    }
    if LISTS.contains(&key) {
        return Ok(format!("{key}=\n") + &is.iter().map(line).collect::<String>());
    }
    if is.is_empty() {
        return impossible("a setting cannot be taken away again, only changed");
    }
    // Of a plain setting the last value wins; of a list that is not known here
    // all of them count.
    Ok(is.iter().map(line).collect())
}

#[cfg(test)]
mod tests;

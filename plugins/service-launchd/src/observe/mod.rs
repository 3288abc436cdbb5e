//! Reads how launchd sees an agent.
//!
//! The text of `launchctl print` is no interface: whether the agent is loaded
//! is the exit code's word, and everything read from the text may be absent.

use crate::domain::{self, LOOK_MS, NOT_LOADED};
use kt_plugin_api::Error;
use kt_plugin_api::service::{
    Activity, ExitClass, Facts, LastExit, Look, ObserveRequest, Observed, Probe, ProbeResult, Seen,
    StartsAt,
};
use std::collections::BTreeMap;

pub(crate) fn probes(facts: &Facts, label: &str) -> Vec<Probe> {
    let (target, domain) = (domain::target(facts, label), domain::domain(facts));
    let quiet = BTreeMap::new;
    vec![
        Probe::run("print", &["launchctl", "print", &target], quiet(), LOOK_MS),
        Probe::run(
            "disabled",
            &["launchctl", "print-disabled", &domain],
            quiet(),
            LOOK_MS,
        ),
        Probe::new("plist", Look::Stat(domain::plist_path(facts, label))),
    ]
}

pub(crate) fn observe(request: &ObserveRequest) -> Result<Observed, Error> {
    let label = domain::label(&request.family, &request.name);
    let path = domain::plist_path(&request.facts, &label);
    let there = match ProbeResult::find(&request.results, "plist")? {
        Seen::File { .. } => Some(true),
        Seen::Absent => Some(false),
        _ => None,
    };
    let mut observed = Observed {
        supervisor: "launchd".to_owned(),
        installed: there,
        enabled: enabled(&request.results, &label)?,
        fragment: (there == Some(true)).then_some(path),
        unit: label,
        ..Observed::default()
    };
    match ProbeResult::find(&request.results, "print")? {
        Seen::Ran {
            code: Some(0),
            stdout,
            ..
        } => loaded(&mut observed, stdout),
        Seen::Ran {
            code: Some(code), ..
        } if NOT_LOADED.contains(code) => {
            observed.reachable = true;
            observed.loaded = Some(false);
            observed.active = Activity::Inactive;
        }
        Seen::Ran { stderr, .. } => {
            observed.unreachable_because = Some(stderr.trim().to_owned());
        }
        Seen::Unknown(why) => observed.unreachable_because = Some(why.clone()),
        _ => observed.unreachable_because = Some("`launchctl` is missing".to_owned()),
    }
    observed.starts_at = match (there, observed.enabled) {
        (Some(true), Some(true)) => Some(StartsAt::Login),
        (Some(false), _) | (_, Some(false)) => Some(StartsAt::Never),
        _ => None,
    };
    Ok(observed)
}

fn loaded(observed: &mut Observed, text: &str) {
    observed.reachable = true;
    observed.loaded = Some(true);
    observed.raw = fields(text);
    let word = |name: &str| observed.raw.get(name).map(String::as_str);
    observed.pid = word("pid").and_then(|w| w.parse().ok());
    observed.sub = word("state").unwrap_or_default().to_owned();
    observed.restarts = word("runs")
        .and_then(|w| w.parse::<u64>().ok())
        .map(|runs| runs.saturating_sub(1));
    observed.last_exit = word("last exit code").and_then(last_exit);
    let failed = observed
        .last_exit
        .as_ref()
        .is_some_and(|e| e.class != ExitClass::Clean);
    observed.active = match (observed.pid, failed) {
        (Some(_), _) => Activity::Active,
        // It is kept alive after failures, so another start is on its way.
        (None, true) => Activity::Restarting,
        (None, false) => Activity::Inactive,
    };
    observed.orphan = observed.installed == Some(false) && observed.pid.is_some();
}

/// The outermost `key = value` lines; inner blocks repeat names.
fn fields(text: &str) -> BTreeMap<String, String> {
    text.lines()
        .filter(|line| line.starts_with('\t') && !line.starts_with("\t\t"))
        .filter_map(|line| line.trim().split_once(" = "))
        .filter(|(_, value)| *value != "{")
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .collect()
}

/// `0`, `78: EX_CONFIG` or `(never exited)`.
fn last_exit(text: &str) -> Option<LastExit> {
    let code: i32 = text.split(':').next()?.trim().parse().ok()?;
    Some(LastExit {
        code: Some(code),
        signal: None,
        class: if code == 0 {
            ExitClass::Clean
        } else {
            ExitClass::Crash
        },
        at: None,
        meaning: None,
    })
}

/// `"label" => disabled`, or `=> true` before macOS 13. An agent that is not
/// listed is enabled.
fn enabled(results: &[ProbeResult], label: &str) -> Result<Option<bool>, Error> {
    let Seen::Ran {
        code: Some(0),
        stdout,
        ..
    } = ProbeResult::find(results, "disabled")?
    else {
        return Ok(None);
    };
    let name = format!("\"{label}\"");
    let word = stdout
        .lines()
        .filter_map(|line| line.split_once("=>"))
        .find(|(key, _)| key.trim() == name)
        .map(|(_, word)| word.trim());
    Ok(Some(!matches!(word, Some("disabled" | "true"))))
}

#[cfg(test)]
mod tests;

//! What to look at, and what it comes to.

use super::{disabled, print};
use crate::domain::{self, LOOK_MS, NOT_LOADED};
use kt_plugin_api::Error;
use kt_plugin_api::service::{
    Activity, Facts, ObserveRequest, Observed, Probe, ProbeAction, ProbeOutcome, ProbeResult,
    StartsAt,
};
use std::collections::BTreeMap;

pub(crate) fn probes(facts: &Facts, label: &str) -> Vec<Probe> {
    let (target, domain) = (domain::target(facts, label), domain::domain(facts));
    let look = |id: &str, words: [&str; 3]| Probe::run(id, &words, BTreeMap::new(), LOOK_MS);
    vec![
        look("print", ["launchctl", "print", &target]),
        look("disabled", ["launchctl", "print-disabled", &domain]),
        Probe::new("plist", ProbeAction::Stat(domain::plist_path(facts, label))),
    ]
}

pub(crate) fn observe(request: &ObserveRequest) -> Result<Observed, Error> {
    let label = domain::label(&request.family, &request.name);
    let path = domain::plist_path(&request.facts, &label);
    let there = match ProbeResult::find(&request.results, "plist")? {
        ProbeOutcome::File { .. } => Some(true),
        ProbeOutcome::Absent => Some(false),
        _ => None,
    };
    let mut observed = Observed {
        supervisor: "launchd".to_owned(),
        installed: there,
        enabled: enabled(ProbeResult::find(&request.results, "disabled")?, &label),
        fragment: (there == Some(true)).then_some(path),
        unit: label,
        ..Observed::default()
    };
    match ProbeResult::find(&request.results, "print")? {
        ProbeOutcome::Exited {
            code: Some(0),
            stdout,
            ..
        } => loaded(&mut observed, stdout),
        ProbeOutcome::Exited {
            code: Some(code), ..
        } if NOT_LOADED.contains(code) => {
            observed.reachable = true;
            observed.loaded = Some(false);
            observed.active = Activity::Inactive;
        }
        ProbeOutcome::Exited { stderr, .. } => {
            observed.unreachable_because = Some(stderr.trim().to_owned());
        }
        ProbeOutcome::Unknown(why) => observed.unreachable_because = Some(why.clone()),
        _ => observed.unreachable_because = Some("`launchctl` is missing".to_owned()),
    }
    observed.starts_at = match (there, observed.enabled) {
        (Some(true), Some(true)) => Some(StartsAt::Login),
        (Some(false), _) | (_, Some(false)) => Some(StartsAt::Never),
        _ => None,
    };
    Ok(observed)
}

/// How often it was started again by itself is not said: `runs` counts a
/// person's starts too.
fn loaded(observed: &mut Observed, text: &str) {
    let printed = print::read(text);
    observed.reachable = true;
    observed.loaded = Some(true);
    observed.active = printed.activity();
    observed.pid = printed.pid;
    observed.sub = printed.state;
    observed.last_exit = printed.last_exit;
    observed.raw = printed.raw;
    let goes_on = matches!(
        observed.active,
        Activity::Active | Activity::Activating | Activity::Restarting
    );
    observed.orphan = observed.installed == Some(false) && goes_on;
}

fn enabled(outcome: &ProbeOutcome, label: &str) -> Option<bool> {
    match outcome {
        ProbeOutcome::Exited {
            code: Some(0),
            stdout,
            ..
        } => disabled::enabled(stdout, label),
        _ => None,
    }
}

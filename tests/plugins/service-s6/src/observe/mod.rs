//! Reads how s6 sees a service.

use crate::deaths::{self, Death, unix};
use crate::link;
use crate::place::{LOOK_MS, Place, text};
use crate::script::PARK;
use kt_plugin_api::Error;
use kt_plugin_api::service::{
    ActiveState, SystemInfo, ObserveRequest, ServiceStatus, Probe, ProbeAction, ProbeOutcome, ProbeResult,
    ServiceName,
};
use std::collections::BTreeMap;

/// What is asked, in the order of the answers, which stand on one line.
const FIELDS: &str = "up,wantedup,normallyup,paused,pid,exitcode,signal,updownsince,readysince";

pub(crate) fn probes(system: &SystemInfo, family: &str, name: &ServiceName) -> Vec<Probe> {
    let place = Place::new(system, family, name);
    let (dir, entry) = (text(&place.dir), text(&place.entry));
    let run = |id: &str, words: &[&str]| Probe::run(id, words, BTreeMap::new(), LOOK_MS);
    vec![
        run("svscan", &["s6-svscanctl", &text(&place.scan)]),
        run("state", &["s6-svstat", "-o", FIELDS, &dir]),
        run("deaths", &["s6-svdt", &dir]),
        run("leads-to", &["readlink", "-f", &entry]),
        run("lies-at", &["readlink", "-f", &dir]),
        Probe::new("entry", ProbeAction::Stat(place.entry.clone())),
        Probe::new("others", ProbeAction::List(place.scan.clone())),
        Probe::new("run", ProbeAction::Stat(place.file("run"))),
        Probe::new("down", ProbeAction::Stat(place.file("down"))),
        Probe::new("park", ProbeAction::Read(place.file(PARK))),
    ]
}

pub(crate) fn observe(request: &ObserveRequest) -> Result<ServiceStatus, Error> {
    let place = Place::new(&request.system, &request.family, &request.name);
    let find = |id: &str| ProbeResult::find(&request.results, id);
    let mut observed = ServiceStatus {
        supervisor: "s6".to_owned(),
        installed: there(find("run")?),
        others: others(find("others")?, &place.name),
        unit: place.name.clone(),
        ..ServiceStatus::default()
    };
    match find("svscan")? {
        ProbeOutcome::Exited { code: Some(0), .. } => observed.reachable = true,
        ProbeOutcome::Exited { stderr, .. } => {
            observed.unreachable_because = Some(stderr.trim().to_owned())
        }
        ProbeOutcome::Unknown(why) => observed.unreachable_because = Some(why.clone()),
        _ => observed.unreachable_because = Some("`s6-svscanctl` is missing".to_owned()),
    }
    let deaths = deaths::read(find("deaths")?);
    let parks = parks(find("park")?);
    match find("state")? {
        ProbeOutcome::Exited {
            code: Some(0),
            stdout,
            ..
        } => read(&mut observed, stdout, &deaths, &parks),
        ProbeOutcome::Exited { .. } => {
            // No supervisor: it knows nothing of the service, or s6-svscan has
            // not looked yet.
            observed.loaded = Some(false);
            observed.active = ActiveState::Inactive;
        }
        _ => {}
    }
    link::read(&mut observed, request, &place)?;
    Ok(observed)
}

pub(crate) fn there(outcome: &ProbeOutcome) -> Option<bool> {
    match outcome {
        ProbeOutcome::Metadata { .. } => Some(true),
        ProbeOutcome::NotFound => Some(false),
        _ => None,
    }
}

/// Other services that start by themselves; s6-svscan's own folder begins with
/// a dot.
fn others(outcome: &ProbeOutcome, name: &str) -> Option<bool> {
    match outcome {
        ProbeOutcome::Entries(names) => Some(names.iter().any(|n| n != name && !n.starts_with('.'))),
        ProbeOutcome::NotFound => Some(false),
        _ => None,
    }
}

fn parks(outcome: &ProbeOutcome) -> Vec<i32> {
    match outcome {
        ProbeOutcome::Content(text) => text.lines().filter_map(|l| l.trim().parse().ok()).collect(),
        _ => Vec::new(),
    }
}

fn read(observed: &mut ServiceStatus, line: &str, deaths: &[Death], parks: &[i32]) {
    let words = line.split_ascii_whitespace().map(str::to_owned);
    let raw: BTreeMap<String, String> = FIELDS.split(',').map(str::to_owned).zip(words).collect();
    let word = |name: &str| raw.get(name).map_or("", String::as_str);
    let (up, wanted) = (word("up") == "true", word("wantedup") == "true");
    // Labels have one length, so they compare as text. While the finish script
    // runs the service is down, and not yet done.
    let settled = word("readysince") >= word("updownsince");
    let parked = |death: &Death| death.code.is_some_and(|code| parks.contains(&code));
    let last = deaths.last();
    observed.active = match (up, wanted) {
        (true, true) => ActiveState::Active,
        (true, false) => ActiveState::Deactivating,
        (false, true) if last.is_none() => ActiveState::Activating,
        (false, true) => ActiveState::Restarting,
        (false, false) if !settled => ActiveState::Deactivating,
        (false, false) if last.is_some_and(parked) => ActiveState::Failed,
        (false, false) => ActiveState::Inactive,
    };
    let (now, wish) = (
        if up { "up" } else { "down" },
        if wanted { "up" } else { "down" },
    );
    observed.sub = match now == wish {
        true => now.to_owned(),
        false => format!("{now}, want {wish}"),
    };
    observed.loaded = Some(true);
    observed.pid = word("pid").parse().ok().filter(|_| up);
    observed.since = unix(word("updownsince")).filter(|_| up);
    // Deaths are forgotten when kt starts the service; each one but the last
    // was followed by another start, and the last one too while it is up.
    let ends = u64::try_from(deaths.len()).unwrap_or(u64::MAX);
    observed.restarts = Some(if up { ends } else { ends.saturating_sub(1) });
    observed.orphan = up && observed.installed == Some(false);
    observed.last_exit = last.map(|death| death.told(parked(death), wanted));
    observed.raw = raw;
}

#[cfg(test)]
mod tests;

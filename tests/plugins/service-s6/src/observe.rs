//! Evaluates the status of a service.

use crate::files::{NO_DIRECTORY, PARK_FILE};
use crate::paths::{PROBE_TIMEOUT_MS, Paths, text};
use kt_plugin_api::Error;
use kt_plugin_api::service::{
    ActiveState, Autostart, ExitKind, LastExit, ObserveRequest, Probe, ProbeAction, ProbeOutcome,
    ProbeResult, ServiceName, ServiceStatus, SystemInfo,
};
use std::collections::BTreeMap;

/// The requested fields of `s6-svstat`, which prints them in this order.
const FIELDS: &str = "up,wantedup,pid,updownsince,readysince";

pub(crate) fn probes(system: &SystemInfo, family: &str, name: &ServiceName) -> Vec<Probe> {
    let paths = Paths::new(system, family, name);
    let (dir, entry) = (text(&paths.dir), text(&paths.entry));
    let run = |id: &str, argv: &[&str]| Probe::run(id, argv, BTreeMap::new(), PROBE_TIMEOUT_MS);
    vec![
        run("svscan", &["s6-svscanctl", &text(&paths.scan)]),
        run("state", &["s6-svstat", "-o", FIELDS, &dir]),
        run("deaths", &["s6-svdt", &dir]),
        run("linked", &["test", &entry, "-ef", &dir]),
        Probe::new("entry", ProbeAction::Stat(paths.entry.clone())),
        Probe::new("run", ProbeAction::Stat(paths.file("run"))),
        Probe::new("down", ProbeAction::Stat(paths.file("down"))),
        Probe::new("park", ProbeAction::Read(paths.file(PARK_FILE))),
    ]
}

pub(crate) fn observe(request: &ObserveRequest) -> Result<ServiceStatus, Error> {
    let paths = Paths::new(&request.system, &request.family, &request.name);
    let find = |id: &str| ProbeResult::find(&request.results, id);
    let mut status = ServiceStatus {
        supervisor: "s6".to_owned(),
        installed: exists(find("run")?),
        unit: paths.name.clone(),
        ..ServiceStatus::default()
    };
    match find("svscan")? {
        ProbeOutcome::Exited { code: Some(0), .. } => status.reachable = true,
        ProbeOutcome::Exited { stderr, .. } => {
            status.unreachable_reason = Some(stderr.trim().to_owned());
        }
        ProbeOutcome::Unknown(error) => status.unreachable_reason = Some(error.clone()),
        _ => status.unreachable_reason = Some("`s6-svscanctl` is not installed".to_owned()),
    }
    let park_codes: Vec<i32> = match find("park")? {
        ProbeOutcome::Content(text) => text.lines().filter_map(|l| l.trim().parse().ok()).collect(),
        _ => Vec::new(),
    };
    let deaths = match find("deaths")? {
        ProbeOutcome::Exited { stdout, .. } => parse_deaths(stdout, &park_codes),
        _ => Vec::new(),
    };
    match find("state")? {
        ProbeOutcome::Exited { code, stdout, .. } if *code == Some(0) => {
            apply_state(&mut status, stdout, deaths);
        }
        ProbeOutcome::Exited { .. } => {
            // The service has no supervisor.
            status.loaded = Some(false);
            status.active_state = ActiveState::Inactive;
        }
        _ => {}
    }
    apply_entry(&mut status, &paths, find)?;
    Ok(status)
}

fn exists(outcome: &ProbeOutcome) -> Option<bool> {
    match outcome {
        ProbeOutcome::Metadata { .. } => Some(true),
        ProbeOutcome::NotFound => Some(false),
        _ => None,
    }
}

fn apply_state(status: &mut ServiceStatus, line: &str, deaths: Vec<LastExit>) {
    let values: Vec<&str> = line.split_ascii_whitespace().collect();
    let [up, wanted, pid, updown_since, ready_since] = values[..] else {
        return;
    };
    let (up, wanted) = (up == "true", wanted == "true");
    // Labels have a fixed length, so they can be compared as text. While the finish
    // script is running, the service is down but not ready.
    let finished = ready_since >= updown_since;
    status.pid = pid.parse().ok().filter(|_| up);
    let last = deaths.last().map(|exit| exit.kind);
    status.active_state = match (up, wanted) {
        (true, true) => ActiveState::Active,
        (true, false) => ActiveState::Deactivating,
        (false, true) if last.is_none() => ActiveState::Activating,
        (false, true) => ActiveState::Restarting,
        (false, false) if !finished => ActiveState::Deactivating,
        (false, false) if last == Some(ExitKind::Parked) => ActiveState::Failed,
        (false, false) => ActiveState::Inactive,
    };
    status.sub_state = if up { "up" } else { "down" }.to_owned();
    status.loaded = Some(true);
    // A start by kt clears the deaths; all later ones were followed by a restart,
    // except for the last one of a service that is down.
    let count = u64::try_from(deaths.len()).unwrap_or(u64::MAX);
    status.restarts = Some(if up { count } else { count.saturating_sub(1) });
    status.orphaned = up && status.installed == Some(false);
    status.last_exit = deaths.into_iter().last();
    if let Some(exit) = &mut status.last_exit
        && exit.signal.as_deref() == Some("TERM")
        && !wanted
    {
        exit.kind = ExitKind::Clean;
    }
}

/// Parses lines such as `@400000006b068aeb20df4a6e exitcode 78`, oldest first.
fn parse_deaths(text: &str, park_codes: &[i32]) -> Vec<LastExit> {
    let parse = |line: &str| {
        let mut words = line.split_ascii_whitespace();
        let (_, cause, value) = (words.next()?, words.next()?, words.next()?);
        let code: Option<i32> = value.parse().ok().filter(|_| cause == "exitcode");
        Some(LastExit {
            code,
            signal: (cause == "signal").then(|| value.trim_start_matches("SIG").to_owned()),
            kind: match code {
                Some(code) if park_codes.contains(&code) => ExitKind::Parked,
                Some(0) => ExitKind::Clean,
                // The script could not execute the program.
                Some(NO_DIRECTORY | 126 | 127) => ExitKind::Setup,
                _ => ExitKind::Crash,
            },
            exited_at: None,
            description: None,
        })
    };
    text.lines().filter_map(parse).collect()
}

/// Evaluates the entry of the scan directory, which enables the service.
fn apply_entry<'a>(
    status: &mut ServiceStatus,
    paths: &Paths,
    find: impl Fn(&str) -> Result<&'a ProbeOutcome, Error>,
) -> Result<(), Error> {
    let same = matches!(find("linked")?, ProbeOutcome::Exited { code: Some(0), .. });
    let linked = exists(find("entry")?);
    if linked == Some(true) && !same {
        // The name belongs to a service of another program.
        status.installed = Some(true);
        status.enabled = Some(false);
        status.fragment_path = Some(paths.entry.join("run"));
        return Ok(());
    }
    let down = exists(find("down")?);
    status.fragment_path = (status.installed == Some(true)).then(|| paths.file("run"));
    status.enabled = match (linked, down) {
        (Some(false), _) | (_, Some(true)) => Some(false),
        (Some(true), Some(false)) => Some(true),
        _ => None,
    };
    // When s6-svscan starts an enabled service depends on the user.
    status.autostart = (status.enabled == Some(false)).then_some(Autostart::Never);
    Ok(())
}

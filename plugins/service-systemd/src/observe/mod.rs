//! Reads how the user manager sees a unit.

use crate::manager::{self, LOOK_MS};
use kt_plugin_api::Error;
use kt_plugin_api::service::{
    ActiveState, Autostart, ExitKind, LastExit, ObserveRequest, Probe, ProbeAction, ProbeOutcome,
    ProbeResult, ServiceStatus, SystemInfo,
};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// What is asked of a unit. One call answers all of it, and ends with 0 even
/// for units that do not exist.
const PROPERTIES: &str = "LoadState,ActiveState,SubState,UnitFileState,MainPID,NRestarts,Result,\
ExecMainCode,ExecMainStatus,ExecMainExitTimestamp,ActiveEnterTimestamp,FragmentPath,DropInPaths,\
NeedDaemonReload,RestartPreventExitStatus,StatusText";

pub(crate) fn probes(system: &SystemInfo, unit: &str) -> Vec<Probe> {
    let asked = format!("--property={PROPERTIES}");
    let show = manager::systemctl(system, &["show", "--timestamp=unix", &asked, unit], LOOK_MS);
    let look = ProbeAction::Run {
        argv: show.argv,
        env: show.env,
        timeout_ms: LOOK_MS,
    };
    let mut probes = vec![
        Probe::new("show", look),
        enabled_units(system),
        Probe::new(
            "quadlets",
            ProbeAction::List(system.config_home.join("containers/systemd")),
        ),
    ];
    probes.extend(
        manager::linger_mark(system).map(|mark| Probe::new("linger", ProbeAction::Stat(mark))),
    );
    probes
}

pub(crate) fn observe(request: &ObserveRequest) -> Result<ServiceStatus, Error> {
    let unit = manager::unit_name(&request.family, &request.name);
    let mut observed = ServiceStatus {
        supervisor: match request.system.supervisor_version {
            Some(version) => format!("systemd {version}"),
            None => "systemd".to_owned(),
        },
        linger: linger(request)?,
        other_services_enabled: others(&request.results, &unit)?,
        unit,
        ..ServiceStatus::default()
    };
    match ProbeResult::find(&request.results, "show")? {
        ProbeOutcome::Exited {
            code: Some(0),
            stdout,
            ..
        } => {
            observed.reachable = true;
            observed.properties = properties(stdout);
            read(&mut observed);
        }
        ProbeOutcome::Exited { stderr, .. } => {
            observed.unreachable_reason = Some(stderr.trim().to_owned());
        }
        ProbeOutcome::Unknown(why) => observed.unreachable_reason = Some(why.clone()),
        _ => observed.unreachable_reason = Some("`systemctl` is missing".to_owned()),
    }
    Ok(observed)
}

/// Lingering is a file of the user's name, readable without logind.
fn linger(request: &ObserveRequest) -> Result<Option<bool>, Error> {
    if request.system.user.is_empty() {
        return Ok(None);
    }
    Ok(match ProbeResult::find(&request.results, "linger")? {
        ProbeOutcome::Metadata { .. } => Some(true),
        ProbeOutcome::NotFound => Some(false),
        _ => None,
    })
}

/// The person's own enabled units: links in any target's folder. What a
/// distribution enables for everybody needs no lingering.
fn enabled_units(system: &SystemInfo) -> Probe {
    let folder = system
        .config_home
        .join("systemd/user")
        .display()
        .to_string();
    let argv = [
        "find",
        &folder,
        "-mindepth",
        "2",
        "-maxdepth",
        "2",
        "(",
        "-path",
        "*.wants/*",
        "-o",
        "-path",
        "*.requires/*",
        ")",
    ];
    let env = BTreeMap::from([("LC_ALL".to_owned(), "C".to_owned())]);
    Probe::run("wants", &argv, env, LOOK_MS)
}

fn others(results: &[ProbeResult], unit: &str) -> Result<Option<bool>, Error> {
    let units = match ProbeResult::find(results, "wants")? {
        ProbeOutcome::Exited {
            code: Some(0),
            stdout,
            ..
        } => stdout
            .lines()
            .filter_map(|path| path.rsplit('/').next())
            .any(|name| name != unit),
        _ => return Ok(None),
    };
    // Their units are made when the manager starts, without any link.
    let quadlets = match ProbeResult::find(results, "quadlets")? {
        ProbeOutcome::Entries(names) => !names.is_empty(),
        ProbeOutcome::NotFound => false,
        _ => return Ok(None),
    };
    Ok(Some(units || quadlets))
}

fn properties(text: &str) -> BTreeMap<String, String> {
    text.lines()
        .filter_map(|line| line.split_once('='))
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .collect()
}

fn read(observed: &mut ServiceStatus) {
    let raw = observed.properties.clone();
    let word = |name: &str| raw.get(name).map_or("", String::as_str);
    let (load, active, sub) = (word("LoadState"), word("ActiveState"), word("SubState"));
    observed.active_state = activity(active, sub);
    observed.sub_state = sub.to_owned();
    observed.masked = load == "masked";
    let fragment = word("FragmentPath");
    observed.fragment_path = (!fragment.is_empty()).then(|| PathBuf::from(fragment));
    observed.installed = Some(!matches!(load, "not-found" | ""));
    observed.loaded = Some(load == "loaded");
    let running = matches!(
        active,
        "active" | "activating" | "deactivating" | "reloading"
    );
    observed.orphaned = load == "not-found" && running;
    observed.enabled = Some(matches!(
        word("UnitFileState"),
        "enabled" | "enabled-runtime"
    ));
    observed.pid = word("MainPID").parse().ok().filter(|pid| *pid != 0);
    observed.since = unix(word("ActiveEnterTimestamp")).filter(|_| active == "active");
    observed.restarts = word("NRestarts").parse().ok();
    observed.drop_in_paths = word("DropInPaths")
        .split_whitespace()
        .map(PathBuf::from)
        .collect();
    observed.needs_reload = word("NeedDaemonReload") == "yes";
    observed.last_exit = last_exit(&raw);
    observed.autostart = match (observed.enabled, observed.linger) {
        (Some(true), Some(true)) => Some(Autostart::Boot),
        (Some(true), Some(false)) => Some(Autostart::Login),
        (Some(true), None) | (None, _) => None,
        (Some(false), _) => Some(Autostart::Never),
    };
}

fn activity(active: &str, sub: &str) -> ActiveState {
    match (active, sub) {
        ("active" | "reloading" | "refreshing", _) => ActiveState::Active,
        ("activating", "auto-restart" | "auto-restart-queued") => ActiveState::Restarting,
        ("activating", _) => ActiveState::Activating,
        ("deactivating", _) => ActiveState::Deactivating,
        ("inactive", _) => ActiveState::Inactive,
        ("failed", _) => ActiveState::Failed,
        _ => ActiveState::Unknown,
    }
}

/// `@1700000000`, as `--timestamp=unix` writes it.
fn unix(text: &str) -> Option<i64> {
    text.strip_prefix('@')?.parse().ok().filter(|at| *at > 0)
}

/// How the main process ended; there is nothing to say while the first one
/// still runs.
fn last_exit(raw: &BTreeMap<String, String>) -> Option<LastExit> {
    let word = |name: &str| raw.get(name).map_or("", String::as_str);
    let result = word("Result");
    let status: Option<i32> = word("ExecMainStatus").parse().ok();
    // The numbers of waitid(2): 1 exited, 2 killed, 3 dumped core.
    let (code, signal) = match word("ExecMainCode") {
        "1" => (status, None),
        "2" | "3" => (None, status.map(signal_name)),
        _ if result == "success" || result.is_empty() => return None,
        _ => (None, None),
    };
    let parked = code.is_some_and(|code| {
        let code = code.to_string();
        word("RestartPreventExitStatus")
            .split_whitespace()
            .any(|c| c == code)
    });
    let class = match (result, code) {
        ("success", _) => ExitKind::Clean,
        (_, Some(200..=255)) | ("resources", _) => ExitKind::Setup,
        ("exit-code", _) if parked => ExitKind::Parked,
        ("watchdog", _) => ExitKind::Watchdog,
        ("timeout", _) => ExitKind::Timeout,
        _ => ExitKind::Crash,
    };
    Some(LastExit {
        code,
        signal,
        kind: class,
        exited_at: unix(word("ExecMainExitTimestamp")),
        description: code.and_then(meaning).map(str::to_owned),
    })
}

/// Signals by number, as on every architecture that the product is built for.
fn signal_name(number: i32) -> String {
    match number {
        1 => "HUP",
        2 => "INT",
        3 => "QUIT",
        4 => "ILL",
        6 => "ABRT",
        7 => "BUS",
        8 => "FPE",
        9 => "KILL",
        11 => "SEGV",
        13 => "PIPE",
        15 => "TERM",
        31 => "SYS",
        other => return other.to_string(),
    }
    .to_owned()
}

/// What systemd.exec(5) says of the codes with which it ends a process that it
/// could not start.
fn meaning(code: i32) -> Option<&'static str> {
    Some(match code {
        200 => "the working directory cannot be entered",
        203 => "the executable cannot be run",
        217 => "the user or its namespace cannot be set up",
        218 => "capabilities cannot be dropped",
        226 => "the mount namespace cannot be set up",
        243 => "a credential cannot be read",
        _ => return None,
    })
}

#[cfg(test)]
mod tests;

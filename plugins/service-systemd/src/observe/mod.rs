//! Evaluates the properties of a unit.

use crate::manager::{self, PROBE_TIMEOUT_MS};
use kt_plugin_api::Error;
use kt_plugin_api::service::{
    ActiveState, Autostart, ExitKind, LastExit, ObserveRequest, Probe, ProbeAction, ProbeOutcome,
    ProbeResult, ServiceStatus, SystemInfo,
};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// The requested properties of a unit. One call returns all of them, and exits with
/// 0 even for units that do not exist.
const PROPERTIES: &str = "LoadState,ActiveState,SubState,UnitFileState,MainPID,NRestarts,Result,\
ExecMainCode,ExecMainStatus,ExecMainExitTimestamp,ActiveEnterTimestamp,FragmentPath,DropInPaths,\
NeedDaemonReload,RestartPreventExitStatus,StatusText";

pub(crate) fn probes(system: &SystemInfo, unit: &str) -> Vec<Probe> {
    let property = format!("--property={PROPERTIES}");
    let show = manager::systemctl(
        system,
        &["show", "--timestamp=unix", &property, unit],
        PROBE_TIMEOUT_MS,
    );
    let action = ProbeAction::Run {
        argv: show.argv,
        env: show.env,
        timeout_ms: PROBE_TIMEOUT_MS,
    };
    let mut probes = vec![
        Probe::new("show", action),
        enabled_units(system),
        Probe::new(
            "quadlets",
            ProbeAction::List(system.config_home.join("containers/systemd")),
        ),
    ];
    probes.extend(
        manager::linger_file(system).map(|file| Probe::new("linger", ProbeAction::Stat(file))),
    );
    probes
}

pub(crate) fn observe(request: &ObserveRequest) -> Result<ServiceStatus, Error> {
    let unit = manager::unit_name(&request.family, &request.name);
    let mut status = ServiceStatus {
        supervisor: match request.system.supervisor_version {
            Some(version) => format!("systemd {version}"),
            None => "systemd".to_owned(),
        },
        linger: linger(request)?,
        other_services_enabled: other_units_enabled(&request.results, &unit)?,
        unit,
        ..ServiceStatus::default()
    };
    match ProbeResult::find(&request.results, "show")? {
        ProbeOutcome::Exited {
            code: Some(0),
            stdout,
            ..
        } => {
            status.reachable = true;
            status.properties = parse_properties(stdout);
            apply_properties(&mut status);
            if status.autostart == Some(Autostart::Login) {
                let user = &request.system.user;
                status.boot_start_fix = Some(format!("sudo loginctl enable-linger {user}"));
            }
        }
        ProbeOutcome::Exited { stderr, .. } => {
            status.unreachable_reason = Some(stderr.trim().to_owned());
        }
        ProbeOutcome::Unknown(error) => status.unreachable_reason = Some(error.clone()),
        _ => status.unreachable_reason = Some("`systemctl` is not installed".to_owned()),
    }
    Ok(status)
}

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

/// Lists the user's enabled units: links in the directories of all targets. Units
/// that the distribution enables for all users do not require lingering.
fn enabled_units(system: &SystemInfo) -> Probe {
    let dir = system
        .config_home
        .join("systemd/user")
        .display()
        .to_string();
    let argv = [
        "find",
        &dir,
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
    Probe::run("wants", &argv, env, PROBE_TIMEOUT_MS)
}

fn other_units_enabled(results: &[ProbeResult], unit: &str) -> Result<Option<bool>, Error> {
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
    // A generator creates these units when the manager starts, without links.
    let quadlets = match ProbeResult::find(results, "quadlets")? {
        ProbeOutcome::Entries(names) => !names.is_empty(),
        ProbeOutcome::NotFound => false,
        _ => return Ok(None),
    };
    Ok(Some(units || quadlets))
}

fn parse_properties(text: &str) -> BTreeMap<String, String> {
    text.lines()
        .filter_map(|line| line.split_once('='))
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .collect()
}

fn apply_properties(status: &mut ServiceStatus) {
    let properties = status.properties.clone();
    let property = |name: &str| properties.get(name).map_or("", String::as_str);
    let (load, active, sub) = (
        property("LoadState"),
        property("ActiveState"),
        property("SubState"),
    );
    status.active_state = active_state(active, sub);
    status.sub_state = sub.to_owned();
    status.masked = load == "masked";
    let fragment = property("FragmentPath");
    status.fragment_path = (!fragment.is_empty()).then(|| PathBuf::from(fragment));
    status.installed = Some(!matches!(load, "not-found" | ""));
    status.loaded = Some(load == "loaded");
    let running = matches!(
        active,
        "active" | "activating" | "deactivating" | "reloading"
    );
    status.orphaned = load == "not-found" && running;
    status.enabled = Some(matches!(
        property("UnitFileState"),
        "enabled" | "enabled-runtime"
    ));
    status.pid = property("MainPID").parse().ok().filter(|pid| *pid != 0);
    status.since = parse_unix_time(property("ActiveEnterTimestamp")).filter(|_| active == "active");
    status.restarts = property("NRestarts").parse().ok();
    status.drop_in_paths = property("DropInPaths")
        .split_whitespace()
        .map(PathBuf::from)
        .collect();
    status.needs_reload = property("NeedDaemonReload") == "yes";
    status.last_exit = last_exit(&properties);
    status.autostart = match (status.enabled, status.linger) {
        (Some(true), Some(true)) => Some(Autostart::Boot),
        (Some(true), Some(false)) => Some(Autostart::Login),
        (Some(true), None) | (None, _) => None,
        (Some(false), _) => Some(Autostart::Never),
    };
}

fn active_state(active: &str, sub: &str) -> ActiveState {
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

/// Parses `@1700000000`, the format of `--timestamp=unix`.
fn parse_unix_time(text: &str) -> Option<i64> {
    text.strip_prefix('@')?.parse().ok().filter(|at| *at > 0)
}

/// Returns the exit of the main process; none while the first one is running.
fn last_exit(properties: &BTreeMap<String, String>) -> Option<LastExit> {
    let property = |name: &str| properties.get(name).map_or("", String::as_str);
    let result = property("Result");
    let status: Option<i32> = property("ExecMainStatus").parse().ok();
    // The `si_code` of waitid(2): 1 = exited, 2 = killed, 3 = dumped core.
    let (code, signal) = match property("ExecMainCode") {
        "1" => (status, None),
        "2" | "3" => (None, status.map(signal_name)),
        _ if result == "success" || result.is_empty() => return None,
        _ => (None, None),
    };
    let parked = code.is_some_and(|code| {
        let code = code.to_string();
        property("RestartPreventExitStatus")
            .split_whitespace()
            .any(|c| c == code)
    });
    let kind = match (result, code) {
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
        kind,
        exited_at: parse_unix_time(property("ExecMainExitTimestamp")),
        description: code.and_then(describe_exit_code).map(str::to_owned),
    })
}

/// Returns the name of a signal; the numbers are those of all supported
/// architectures.
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

/// Describes the exit codes that systemd itself uses for a process that it could
/// not start; see systemd.exec(5).
fn describe_exit_code(code: i32) -> Option<&'static str> {
    Some(match code {
        200 => "cannot change to the working directory",
        203 => "cannot execute the program",
        217 => "cannot set up the user or the user namespace",
        218 => "cannot drop capabilities",
        226 => "cannot set up the mount namespace",
        243 => "cannot read a credential",
        _ => return None,
    })
}

#[cfg(test)]
mod tests;

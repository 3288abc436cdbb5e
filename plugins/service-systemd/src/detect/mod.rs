//! Detects the user manager, also without a login session.
//!
//! The detection relies on sockets and owners, not on error messages, which are
//! localized and differ between versions.

use crate::manager::{self, CALL_TIMEOUT_MS, PROBE_TIMEOUT_MS};
use kt_plugin_api::Error;
use kt_plugin_api::service::{
    Availability, DetectRequest, Detection, ExecSpec, FileKind, Probe, ProbeAction, ProbeOutcome,
    ProbeResult, Reason, Step, StepAction, StepRole, SystemInfo,
};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The oldest supported version.
const MIN_VERSION: u32 = 252;
/// Timeout for the start of the user manager after lingering was enabled, in
/// milliseconds; it takes 30 to 60 ms.
const MANAGER_START_TIMEOUT_MS: u64 = 10_000;

/// Returns the runtime directory that logind creates for the user.
fn default_dir(system: &SystemInfo) -> PathBuf {
    PathBuf::from(format!("/run/user/{}", system.uid))
}

/// Returns the possible runtime directories, that of the environment first.
fn candidates(system: &SystemInfo) -> Vec<PathBuf> {
    let default = default_dir(system);
    let mut all: Vec<PathBuf> = system.runtime_dir.iter().cloned().collect();
    if !all.contains(&default) {
        all.push(default);
    }
    all
}

fn socket(dir: &Path) -> PathBuf {
    dir.join("systemd/private")
}

pub(crate) fn probes(system: &SystemInfo) -> Vec<Probe> {
    let env = BTreeMap::from([("LC_ALL".to_owned(), "C".to_owned())]);
    let mut probes = vec![
        Probe::run(
            "version",
            &["systemctl", "--version"],
            env,
            PROBE_TIMEOUT_MS,
        ),
        Probe::new("booted", ProbeAction::Stat("/run/systemd/system".into())),
    ];
    for (i, dir) in candidates(system).iter().enumerate() {
        probes.push(Probe::new(
            &format!("dir-{i}"),
            ProbeAction::Stat(dir.clone()),
        ));
        probes.push(Probe::new(
            &format!("socket-{i}"),
            ProbeAction::Stat(socket(dir)),
        ));
        // A manager that was killed leaves its socket.
        let candidate = SystemInfo {
            runtime_dir: Some(dir.clone()),
            ..system.clone()
        };
        let alive = manager::systemctl(
            &candidate,
            &["show", "--property=Version"],
            PROBE_TIMEOUT_MS,
        );
        let argv: Vec<&str> = alive.argv.iter().map(String::as_str).collect();
        probes.push(Probe::run(
            &format!("alive-{i}"),
            &argv,
            alive.env,
            PROBE_TIMEOUT_MS,
        ));
    }
    probes.extend(
        manager::linger_file(system).map(|file| Probe::new("linger", ProbeAction::Stat(file))),
    );
    probes
}

/// Parses the version in `systemd 252 (252.38-1)`.
fn parse_version(text: &str) -> Option<u32> {
    let word = text.lines().next()?.split_whitespace().nth(1)?;
    let digits: String = word.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

pub(crate) fn detect(request: &DetectRequest) -> Result<Detection, Error> {
    let (system, results) = (&request.system, &request.results);
    let (version, error) = match ProbeResult::find(results, "version")? {
        ProbeOutcome::Exited { stdout, .. } => (parse_version(stdout), None),
        ProbeOutcome::Unknown(error) => (None, Some(error.clone())),
        _ => (None, None),
    };
    let booted = matches!(
        ProbeResult::find(results, "booted")?,
        ProbeOutcome::Metadata {
            kind: FileKind::Dir,
            ..
        }
    );
    let mut detection = Detection {
        supervisor: version.map_or_else(|| "systemd".to_owned(), |v| format!("systemd {v}")),
        version,
        ..Detection::default()
    };
    if let Some(error) = error.filter(|_| booted) {
        // A timeout does not mean that the manager is not running.
        detection.reasons.push(Reason {
            code: "supervisor-unresponsive".to_owned(),
            message: format!("`systemctl` does not respond: {error}"),
            fix: None,
        });
        return Ok(detection);
    }
    if let Some(reason) = unsupported(version, booted) {
        detection.reasons.push(reason);
        return Ok(detection);
    }
    find_manager(system, results, &mut detection)?;
    Ok(detection)
}

fn unsupported(version: Option<u32>, booted: bool) -> Option<Reason> {
    let reason = |code: &str, message: String| {
        Some(Reason {
            code: code.to_owned(),
            message,
            fix: None,
        })
    };
    match version {
        _ if !booted => reason("no-supervisor", "systemd is not the init system".to_owned()),
        None => reason(
            "no-supervisor",
            "`systemctl --version` does not print a version".to_owned(),
        ),
        Some(old) if old < MIN_VERSION => reason(
            "systemd-too-old",
            format!("systemd {old} is not supported: version {MIN_VERSION} or later is required"),
        ),
        Some(_) => None,
    }
}

fn find_manager(
    system: &SystemInfo,
    results: &[ProbeResult],
    detection: &mut Detection,
) -> Result<(), Error> {
    for (i, dir) in candidates(system).into_iter().enumerate() {
        match ProbeResult::find(results, &format!("dir-{i}"))? {
            ProbeOutcome::Metadata { uid, .. } if *uid == system.uid => {}
            ProbeOutcome::Metadata { uid, .. } => {
                detection.reasons.push(foreign_dir(&dir, *uid, system));
                continue;
            }
            _ => continue,
        }
        let socket = ProbeResult::find(results, &format!("socket-{i}"))?;
        if !matches!(
            socket,
            ProbeOutcome::Metadata {
                kind: FileKind::Socket,
                ..
            }
        ) {
            continue;
        }
        match ProbeResult::find(results, &format!("alive-{i}"))? {
            // After a timeout the manager may still be usable; the calls of a plan
            // report their own errors.
            ProbeOutcome::Exited { code: Some(0), .. } | ProbeOutcome::Unknown(_) => {
                detection.availability = Availability::Available;
                detection.runtime_dir = Some(dir);
                detection.reasons.clear();
                return Ok(());
            }
            _ => detection.reasons.push(manager_exited(system)),
        }
    }
    if !detection.reasons.is_empty() {
        return Ok(());
    }
    detection.reasons.push(manager_not_started(system));
    if !system.user.is_empty() {
        detection.availability = Availability::NeedsPreparation;
        detection.runtime_dir = Some(default_dir(system));
        let linger = matches!(
            ProbeResult::find(results, "linger")?,
            ProbeOutcome::Metadata { .. }
        );
        detection.prepare = prepare(system, linger);
    }
    Ok(())
}

fn foreign_dir(dir: &Path, owner: u32, system: &SystemInfo) -> Reason {
    let dir = dir.display();
    Reason {
        code: "runtime-dir-foreign".to_owned(),
        message: format!(
            "the runtime directory `{dir}` belongs to user {owner}, not to {}",
            system.uid
        ),
        fix: Some(format!("run kt as user {} without sudo", system.user)),
    }
}

/// logind does not restart the manager while a session is open.
fn manager_exited(system: &SystemInfo) -> Reason {
    Reason {
        code: "no-user-bus".to_owned(),
        message: "the systemd user manager exited and left its socket".to_owned(),
        fix: Some(format!("sudo systemctl start user@{}.service", system.uid)),
    }
}

fn manager_not_started(system: &SystemInfo) -> Reason {
    let user = if system.user.is_empty() {
        "NAME"
    } else {
        &system.user
    };
    Reason {
        code: "no-user-bus".to_owned(),
        message: "the systemd user manager is not running, because the user is not logged in"
            .to_owned(),
        fix: Some(format!("sudo loginctl enable-linger {user}")),
    }
}

/// Enables lingering, which starts the user manager. The user name is explicit,
/// because without it `loginctl` requires a session. If `linger` is already
/// enabled, the call starts the manager and needs no rollback.
fn prepare(system: &SystemInfo, linger: bool) -> Vec<Step> {
    let system = &SystemInfo {
        runtime_dir: Some(default_dir(system)),
        ..system.clone()
    };
    let show = manager::systemctl(system, &["show", "--property=Version"], CALL_TIMEOUT_MS).retry(
        &[1],
        50,
        MANAGER_START_TIMEOUT_MS,
    );
    let mut enable = Step::new(
        "linger",
        "enable lingering, which starts the user manager now and at boot",
        StepAction::Run(loginctl(system, "enable-linger")),
    );
    if !linger {
        enable = enable
            .role(StepRole::BootStart)
            .undo(loginctl(system, "disable-linger"));
    }
    vec![
        enable,
        Step::new(
            "manager",
            "wait for the user manager",
            StepAction::Run(show),
        ),
    ]
}

/// Returns a call of `loginctl` for the user.
pub(crate) fn loginctl(system: &SystemInfo, command: &str) -> ExecSpec {
    let argv = ["loginctl", "--no-ask-password", command, &system.user];
    ExecSpec::new(&argv, manager::environment(system), CALL_TIMEOUT_MS)
}

#[cfg(test)]
mod tests;

//! Finds the user manager, also where no session says where it is.
//!
//! Decisions rest on sockets and owners, never on the text of an error: that
//! is translated, and differs between versions.

use crate::manager::{self, LOOK_MS, QUICK_MS};
use kt_plugin_api::Error;
use kt_plugin_api::service::{
    Availability, DetectRequest, Detection, ExecSpec, FileKind, Probe, ProbeAction, ProbeOutcome,
    ProbeResult, Reason, Step, StepAction, StepRole, SystemInfo,
};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The oldest version that units are tested with.
const OLDEST: u32 = 252;
/// How long the user manager may take to come up after lingering was switched
/// on, milliseconds; measured at 30 to 60.
const MANAGER_UP_MS: u64 = 10_000;

/// The runtime directory of a user's session, as logind makes it.
fn standard_dir(system: &SystemInfo) -> PathBuf {
    PathBuf::from(format!("/run/user/{}", system.uid))
}

/// Where the user manager may be reached: the environment's word first.
fn candidates(system: &SystemInfo) -> Vec<PathBuf> {
    let standard = standard_dir(system);
    let mut all: Vec<PathBuf> = system.runtime_dir.iter().cloned().collect();
    if !all.contains(&standard) {
        all.push(standard);
    }
    all
}

fn socket(dir: &Path) -> PathBuf {
    dir.join("systemd/private")
}

pub(crate) fn probes(system: &SystemInfo) -> Vec<Probe> {
    let env = BTreeMap::from([("LC_ALL".to_owned(), "C".to_owned())]);
    let mut probes = vec![
        Probe::run("version", &["systemctl", "--version"], env, LOOK_MS),
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
        // A manager that died leaves its socket.
        let at = SystemInfo {
            runtime_dir: Some(dir.clone()),
            ..system.clone()
        };
        let alive = manager::systemctl(&at, &["show", "--property=Version"], LOOK_MS);
        let argv: Vec<&str> = alive.argv.iter().map(String::as_str).collect();
        probes.push(Probe::run(&format!("alive-{i}"), &argv, alive.env, LOOK_MS));
    }
    probes.extend(
        manager::linger_mark(system).map(|mark| Probe::new("linger", ProbeAction::Stat(mark))),
    );
    probes
}

/// The number in `systemd 252 (252.38-1)`.
fn version_of(text: &str) -> Option<u32> {
    let word = text.lines().next()?.split_whitespace().nth(1)?;
    let digits: String = word.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

pub(crate) fn detect(request: &DetectRequest) -> Result<Detection, Error> {
    let (system, results) = (&request.system, &request.results);
    let (version, silent) = match ProbeResult::find(results, "version")? {
        ProbeOutcome::Exited { stdout, .. } => (version_of(stdout), None),
        ProbeOutcome::Unknown(why) => (None, Some(why.clone())),
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
    if let Some(why) = silent.filter(|_| booted) {
        // Slow is not absent: what it runs goes on.
        detection.reasons.push(Reason {
            code: "supervisor-silent".to_owned(),
            message: format!("`systemctl` does not answer: {why}"),
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
        _ if !booted => reason(
            "no-supervisor",
            "this system was not started by systemd".to_owned(),
        ),
        None => reason(
            "no-supervisor",
            "`systemctl` does not say its version".to_owned(),
        ),
        Some(old) if old < OLDEST => reason(
            "systemd-too-old",
            format!("systemd {old} is not supported: {OLDEST} or newer is needed"),
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
                detection.reasons.push(foreign(&dir, *uid, system));
                continue;
            }
            _ => continue,
        }
        let there = ProbeResult::find(results, &format!("socket-{i}"))?;
        if !matches!(
            there,
            ProbeOutcome::Metadata {
                kind: FileKind::Socket,
                ..
            }
        ) {
            continue;
        }
        match ProbeResult::find(results, &format!("alive-{i}"))? {
            // It did not answer in time, or could not be asked: whoever needs
            // it will hear why.
            ProbeOutcome::Exited { code: Some(0), .. } | ProbeOutcome::Unknown(_) => {
                detection.availability = Availability::Available;
                detection.runtime_dir = Some(dir);
                detection.reasons.clear();
                return Ok(());
            }
            _ => detection.reasons.push(dead(system)),
        }
    }
    if !detection.reasons.is_empty() {
        return Ok(());
    }
    detection.reasons.push(no_bus(system));
    if !system.user.is_empty() {
        detection.availability = Availability::NeedsPreparation;
        detection.runtime_dir = Some(standard_dir(system));
        let lingers = matches!(
            ProbeResult::find(results, "linger")?,
            ProbeOutcome::Metadata { .. }
        );
        detection.prepare = prepare(system, lingers);
    }
    Ok(())
}

fn foreign(dir: &Path, owner: u32, system: &SystemInfo) -> Reason {
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

/// logind does not start it again while a session is open.
fn dead(system: &SystemInfo) -> Reason {
    Reason {
        code: "no-user-bus".to_owned(),
        message: "the systemd user manager has ended, and only its socket is left".to_owned(),
        fix: Some(format!("sudo systemctl start user@{}.service", system.uid)),
    }
}

fn no_bus(system: &SystemInfo) -> Reason {
    let user = if system.user.is_empty() {
        "NAME"
    } else {
        &system.user
    };
    Reason {
        code: "no-user-bus".to_owned(),
        message: "the systemd user manager is not running, because nobody is logged in".to_owned(),
        fix: Some(format!("sudo loginctl enable-linger {user}")),
    }
}

/// Lingering starts the user manager. The name is given explicitly: without it
/// `loginctl` looks for a session, and there is none. Where it `lingers`
/// already and the manager is not up yet, asking once more starts it, and there
/// is nothing to take back.
fn prepare(system: &SystemInfo, lingers: bool) -> Vec<Step> {
    let at = SystemInfo {
        runtime_dir: Some(standard_dir(system)),
        ..system.clone()
    };
    let up = manager::systemctl(&at, &["show", "--property=Version"], QUICK_MS).retry(
        &[1],
        50,
        MANAGER_UP_MS,
    );
    let mut linger = Step::new(
        "linger",
        "start the user manager, at boot too",
        StepAction::Run(loginctl(&at, "enable-linger")),
    );
    if !lingers {
        linger = linger
            .role(StepRole::BootStart)
            .undo(loginctl(&at, "disable-linger"));
    }
    vec![
        linger,
        Step::new("manager", "wait for the user manager", StepAction::Run(up)),
    ]
}

/// Switches lingering for the user by explicit name.
pub(crate) fn loginctl(system: &SystemInfo, verb: &str) -> ExecSpec {
    let argv = ["loginctl", "--no-ask-password", verb, &system.user];
    ExecSpec::new(&argv, manager::environment(system), QUICK_MS)
}

#[cfg(test)]
mod tests;

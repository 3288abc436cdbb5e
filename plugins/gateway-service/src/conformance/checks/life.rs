//! The life of a service that is well.

use super::verdict::{ensure, said};
use crate::conformance::kit::{HOSTILE, InspectTarget, Kit};
use crate::conformance::scenario::Outcome;
use crate::logs::{Range, read};
use kt_plugin_api::service::execute::Runner as _;
use kt_plugin_api::service::{Action, ActiveState};
use rustix::process::Signal;
use std::fs;

/// Seconds in which a service manager starts a process again: launchd's pause
/// is the longest of all.
pub(super) const AGAIN_S: u64 = 30;

/// The process of a ready gateway, which is the one that is supervised.
fn supervised(kit: &Kit<'_, '_>, subject: &InspectTarget) -> Result<u64, String> {
    let observed = kit.observe(subject).map_err(|e| said(&e))?;
    let pid = kit.ready_pid(subject).ok_or("the gateway is not ready")?;
    ensure(
        observed.reachable && observed.active_state == ActiveState::Active,
        || {
            format!(
                "it is said to be {:?} (`{}`)",
                observed.active_state, observed.sub_state
            )
        },
    )?;
    let told = observed.pid.map(u64::from);
    ensure(told.is_none_or(|told| told == pid), || {
        format!("process {pid} answers, and {told:?} is supervised")
    })?;
    Ok(pid)
}

pub(in crate::conformance) fn install(kit: &Kit<'_, '_>) -> Outcome {
    let all = || {
        let done = kit.install(&kit.main).map_err(|e| said(&e))?;
        ensure(done.result == "installed", || {
            format!("it ended `{}`", done.result)
        })?;
        let observed = kit.observe(&kit.main).map_err(|e| said(&e))?;
        ensure(observed.installed == Some(true), || {
            "it is not said to be installed".to_owned()
        })?;
        ensure(observed.enabled != Some(false), || {
            "it does not start by itself".to_owned()
        })?;
        supervised(kit, &kit.main).map(drop)
    };
    let result: Result<(), String> = all();
    result.into()
}

pub(in crate::conformance) fn again(kit: &Kit<'_, '_>) -> Outcome {
    let all = || {
        let files = || -> Vec<_> {
            let record = kit.record(&kit.main);
            let paths = record.into_iter().flat_map(|r| r.files);
            paths
                .map(|f| fs::metadata(&f.path).and_then(|m| m.modified()).ok())
                .collect()
        };
        let (pid, before) = (supervised(kit, &kit.main)?, files());
        let done = kit.install(&kit.main).map_err(|e| said(&e))?;
        ensure(done.result == "unchanged", || {
            format!("it ended `{}`", done.result)
        })?;
        ensure(supervised(kit, &kit.main)? == pid, || {
            "it was restarted".to_owned()
        })?;
        ensure(files() == before, || {
            "its files were written again".to_owned()
        })
    };
    let result: Result<(), String> = all();
    result.into()
}

pub(in crate::conformance) fn arguments(kit: &Kit<'_, '_>) -> Outcome {
    if !shows_words() {
        return Outcome::Skipped("this system does not show a process's words".to_owned());
    }
    runs_as_wanted(kit).into()
}

fn shows_words() -> bool {
    std::path::Path::new("/proc/self/cmdline").exists()
}

/// The running process was given the words and variables of the wanted service,
/// byte for byte, where the system shows them.
pub(super) fn runs_as_wanted(kit: &Kit<'_, '_>) -> Result<(), String> {
    let pid = supervised(kit, &kit.main)?;
    if !shows_words() {
        return Ok(());
    }
    let of = |name: &str| {
        let path = format!("/proc/{pid}/{name}");
        let bytes = fs::read(path).map_err(|e| e.to_string())?;
        let words = bytes.split(|&b| b == 0);
        let words = words.map(|w| String::from_utf8_lossy(w).into_owned());
        Ok::<Vec<String>, String>(words.collect())
    };
    let wanted = kit.spec(&kit.main).map_err(|e| said(&e))?;
    debug_assert!(wanted.exec.iter().any(|word| word == HOSTILE));
    let mut there = of("cmdline")?;
    there.retain(|word| !word.is_empty());
    ensure(there == wanted.exec, || {
        format!("it runs {there:?}, not {:?}", wanted.exec)
    })?;
    let variables = of("environ")?;
    for (name, value) in &wanted.environment {
        ensure(variables.contains(&format!("{name}={value}")), || {
            format!("`{name}` did not arrive as {value:?}")
        })?;
    }
    Ok(())
}

/// Another process than `pid` is ready.
pub(super) fn replaced(
    kit: &Kit<'_, '_>,
    subject: &InspectTarget,
    pid: u64,
    seconds: u64,
) -> Result<u64, String> {
    kit.until("another process is ready", seconds, || {
        kit.ready_pid(subject).filter(|now| *now != pid)
    })
}

pub(in crate::conformance) fn crash(kit: &Kit<'_, '_>) -> Outcome {
    let all = || {
        let pid = supervised(kit, &kit.main)?;
        kit.signal(pid, Signal::KILL)?;
        replaced(kit, &kit.main, pid, AGAIN_S)?;
        supervised(kit, &kit.main).map(drop)
    };
    let result: Result<(), String> = all();
    result.into()
}

pub(in crate::conformance) fn hang(kit: &Kit<'_, '_>) -> Outcome {
    if !kit.described.capabilities.watchdog {
        return Outcome::Skipped("its service manager has no watchdog".to_owned());
    }
    let all = || {
        let pid = supervised(kit, &kit.main)?;
        kit.signal(pid, Signal::STOP)?;
        let back = replaced(kit, &kit.main, pid, AGAIN_S);
        // A stopped process must not outlive a failed check.
        drop(kit.signal(pid, Signal::KILL));
        back.map(drop)
    };
    let result: Result<(), String> = all();
    result.into()
}

pub(in crate::conformance) fn stop_start(kit: &Kit<'_, '_>) -> Outcome {
    let all = || {
        for _ in 0..3 {
            let pid = supervised(kit, &kit.main)?;
            for expected in ["stopped", "already stopped"] {
                let acted = kit.act(&kit.main, Action::Stop).map_err(|e| said(&e))?;
                ensure(acted.result == expected, || {
                    format!("stopping ended `{}`, not `{expected}`", acted.result)
                })?;
            }
            let observed = kit.observe(&kit.main).map_err(|e| said(&e))?;
            ensure(observed.active_state == ActiveState::Inactive, || {
                format!("stopped, it is said to be {:?}", observed.active_state)
            })?;
            ensure(kit.gateway(&kit.main).is_none(), || {
                format!("stopped, process {pid} still answers")
            })?;
            for expected in ["started", "already running"] {
                let acted = kit.act(&kit.main, Action::Start).map_err(|e| said(&e))?;
                ensure(acted.result == expected, || {
                    format!("starting ended `{}`, not `{expected}`", acted.result)
                })?;
            }
        }
        supervised(kit, &kit.main).map(drop)
    };
    let result: Result<(), String> = all();
    result.into()
}

pub(in crate::conformance) fn restart(kit: &Kit<'_, '_>) -> Outcome {
    let all = || {
        let pid = supervised(kit, &kit.main)?;
        kit.act(&kit.main, Action::Restart).map_err(|e| said(&e))?;
        replaced(kit, &kit.main, pid, AGAIN_S)?;
        supervised(kit, &kit.main).map(drop)
    };
    let result: Result<(), String> = all();
    result.into()
}

pub(in crate::conformance) fn reload(kit: &Kit<'_, '_>) -> Outcome {
    let all = || {
        let pid = supervised(kit, &kit.main)?;
        let good = kit.set_up.home.join("policy.yaml");
        let bad = kit.set_up.home.join("broken.yaml");
        fs::write(&bad, "policies: {chain: [nonsense]}\n").map_err(|e| e.to_string())?;
        for (file, expected) in [(&good, 0), (&bad, 2)] {
            let file = file.display().to_string();
            let id = &kit.main.gateway;
            let words = ["gateway", "reload", "--id", id, "--file", &file];
            let (code, _, stderr) = kit.set_up.kt(kit.machine, &words);
            ensure(code == Some(expected), || {
                format!("`kt gateway reload` ended with {code:?}, not {expected}: {stderr}")
            })?;
            ensure(supervised(kit, &kit.main)? == pid, || {
                "a reload brought another process".to_owned()
            })?;
        }
        Ok(())
    };
    let result: Result<(), String> = all();
    result.into()
}

pub(in crate::conformance) fn log(kit: &Kit<'_, '_>) -> Outcome {
    let all = || {
        let spec = kit.spec(&kit.main).map_err(|e| said(&e))?;
        let range = Range {
            lines: 1_000,
            since: None,
        };
        let lines = read(&kit.desk(kit.machine), &spec, range).map_err(|e| said(&e))?;
        let place = format!("127.0.0.1:{}", kit.port(&kit.main));
        ensure(lines.iter().any(|l| l.message.contains(&place)), || {
            format!("none of {} lines names {place}", lines.len())
        })
    };
    let result: Result<(), String> = all();
    result.into()
}

pub(in crate::conformance) fn pair(kit: &Kit<'_, '_>) -> Outcome {
    let all = || {
        let pid = supervised(kit, &kit.main)?;
        kit.install(&kit.other).map_err(|e| said(&e))?;
        let second = supervised(kit, &kit.other)?;
        ensure(second != pid, || "both are one process".to_owned())?;
        kit.uninstall(&kit.other).map_err(|e| said(&e))?;
        ensure(kit.gateway(&kit.other).is_none(), || {
            "the second still answers".to_owned()
        })?;
        ensure(supervised(kit, &kit.main)? == pid, || {
            "the first did not go on".to_owned()
        })
    };
    let result: Result<(), String> = all();
    result.into()
}

/// Nothing of the service is left.
pub(super) fn gone(kit: &Kit<'_, '_>, subject: &InspectTarget) -> Result<(), String> {
    let spec = kit.spec(subject).map_err(|e| said(&e))?;
    let plan = kit.desk(kit.machine).render(
        Action::Uninstall,
        &spec,
        None,
        kt_plugin_api::service::RenderOptions::default(),
    );
    for artifact in plan.map_err(|e| said(&e))?.artifacts {
        let there = kit
            .machine
            .read(&artifact.path)
            .map_err(|e| e.to_string())?;
        ensure(there.is_none(), || {
            format!("`{}` is still there", artifact.path.display())
        })?;
    }
    let observed = kit.observe(subject).map_err(|e| said(&e))?;
    ensure(
        observed.installed != Some(true) && !observed.orphaned,
        || "the service manager still knows it".to_owned(),
    )?;
    ensure(kit.gateway(subject).is_none(), || {
        "its gateway still answers".to_owned()
    })?;
    ensure(kit.record(subject).is_none(), || {
        "its record is still there".to_owned()
    })
}

pub(in crate::conformance) fn uninstall(kit: &Kit<'_, '_>) -> Outcome {
    let all = || {
        for _ in 0..2 {
            kit.uninstall(&kit.main).map_err(|e| said(&e))?;
            gone(kit, &kit.main)?;
        }
        Ok(())
    };
    let result: Result<(), String> = all();
    result.into()
}

//! The checks in order. Each one leaves a running service to the next; where
//! one cannot, those that need it are skipped.

use super::answer::Check;
use super::checks::{files, killed, life, pure, trouble};
use super::kit::Kit;
use super::mortal::Mortal;
use crate::sandbox;
use kt_plugin_api::Error;
use kt_plugin_api::service::Availability;
use kt_plugin_api::service::execute::Runner as _;

/// How a check ends.
pub(super) enum Outcome {
    Passed,
    /// It does not apply, for this reason.
    Skipped(String),
    Failed(String),
}

impl From<Result<(), String>> for Outcome {
    fn from(result: Result<(), String>) -> Self {
        match result {
            Ok(()) => Self::Passed,
            Err(why) => Self::Failed(why),
        }
    }
}

type Body = fn(&Kit<'_, '_>) -> Outcome;

/// Id, what is checked, and the check: those that only ask the backend.
const PURE: [(&str, &str, Body); 4] = [
    ("describe", "it says who it is", pure::describes),
    (
        "render",
        "plans are whole, and the same each time",
        pure::renders,
    ),
    (
        "hostile",
        "hostile words are written or refused",
        pure::hostile,
    ),
    ("logs", "it says where logs are", pure::logs),
];

/// As above: those that need its service manager.
const REAL: [(&str, &str, Body); 18] = [
    (
        "install",
        "installed, started, ready, recorded",
        life::install,
    ),
    (
        "again",
        "installing again changes and restarts nothing",
        life::again,
    ),
    (
        "arguments",
        "arguments and variables arrive byte for byte",
        life::arguments,
    ),
    ("crash", "a killed gateway comes back", life::crash),
    (
        "hang",
        "a gateway that hangs is ended and comes back",
        life::hang,
    ),
    (
        "stop-start",
        "stop and start, each three times and twice over",
        life::stop_start,
    ),
    ("restart", "restart brings another process", life::restart),
    (
        "reload",
        "a good configuration is taken, a bad one refused",
        life::reload,
    ),
    ("log", "the log is kept, and found", life::log),
    (
        "park",
        "what cannot work is tried once, and says why",
        trouble::park,
    ),
    (
        "transient",
        "what may pass is tried until it does",
        trouble::transient,
    ),
    (
        "rollback",
        "an update that fails leaves what ran",
        trouble::rollback,
    ),
    (
        "edited",
        "an edited file is left alone, then replaced",
        files::edited,
    ),
    (
        "binary",
        "a replaced executable is seen, and taken up",
        files::binary,
    ),
    ("pair", "two services live side by side", life::pair),
    (
        "killed-update",
        "an update killed anywhere is old or new, and mended",
        killed::update,
    ),
    (
        "uninstall",
        "removed without a trace, twice",
        life::uninstall,
    ),
    (
        "killed-first",
        "a first install and a removal killed anywhere are mended",
        killed::first_and_last,
    ),
];

/// Runs everything, and removes what it made.
///
/// # Errors
/// When the run was ended from outside.
pub(super) fn run(kit: &Kit<'_, '_>) -> Result<Vec<Check>, Error> {
    let mut checks = Vec::new();
    for (id, about, body) in PURE {
        checks.push(one(kit, id, about, body));
    }
    let unable = unable(kit)?;
    let mut broken: Option<&str> = None;
    for (id, about, body) in REAL {
        let skipped = match (&unable, broken) {
            (Some(why), _) => Some(why.clone()),
            (None, Some(before)) => Some(format!("`{before}` failed")),
            _ => None,
        };
        let check = match skipped {
            Some(why) => check(id, about, Outcome::Skipped(why)),
            None => one(kit, id, about, body),
        };
        if check.failed() && broken.is_none() && !usable_after(kit) {
            broken = Some(id);
        }
        checks.push(check);
        kit.machine.check_cancelled().inspect_err(|_| clear(kit))?;
    }
    clear(kit);
    Ok(checks)
}

/// StepError the service manager cannot be used.
fn unable(kit: &Kit<'_, '_>) -> Result<Option<String>, Error> {
    let desk = kit.desk(kit.machine);
    if !kit.described.os.contains(&desk.system.os) {
        let acts_on = kit.described.os.join(", ");
        return Ok(Some(format!(
            "it acts on {acts_on}, and this is {}",
            desk.system.os
        )));
    }
    let detection = desk.detect()?;
    if detection.availability == Availability::Available {
        return Ok(None);
    }
    let reasons: Vec<String> = detection.reasons.into_iter().map(|r| r.message).collect();
    Ok(Some(format!(
        "its service manager cannot be used: {}",
        reasons.join("; ")
    )))
}

/// A failed check may have left the service as the next ones need it; if not,
/// it is put there once more.
fn usable_after(kit: &Kit<'_, '_>) -> bool {
    kit.more.set(&[]);
    let fresh = kit.wanted(&kit.main).map(|mut wanted| {
        wanted.leave.force = true;
        wanted
    });
    fresh.is_ok_and(|wanted| kit.install_as(&wanted, &kit.main).is_ok())
}

fn one(kit: &Kit<'_, '_>, id: &'static str, about: &'static str, body: Body) -> Check {
    kit.say(&format!("{id}: {about} …"));
    check(id, about, body(kit))
}

fn check(id: &'static str, about: &'static str, outcome: Outcome) -> Check {
    let (result, detail) = match outcome {
        Outcome::Passed => ("passed", String::new()),
        Outcome::Skipped(why) => ("skipped", why),
        Outcome::Failed(why) => ("failed", why),
    };
    Check {
        id,
        about,
        result,
        detail,
    }
}

/// Whatever happened, nothing of the test stays.
fn clear(kit: &Kit<'_, '_>) {
    let deaf = Mortal::deaf(kit.machine);
    for subject in [&kit.other, &kit.main] {
        drop(kit.uninstall_over(&deaf, subject));
        // It may lie outside of the directories of the test.
        if let Some(file) = kit.spec(subject).ok().and_then(|spec| spec.stderr_file) {
            drop(deaf.remove(&file));
        }
    }
    clear_probe(kit, &deaf);
    drop(kit.set_up.remove());
}

/// A kt that was killed while it tried the sandbox has left its probe; trying
/// once more clears it away.
fn clear_probe(kit: &Kit<'_, '_>, runner: &Mortal<'_>) {
    if let Ok(mut wanted) = kit.wanted(&kit.main) {
        drop(sandbox::decide(&kit.desk(runner), &mut wanted.record, None));
    }
}

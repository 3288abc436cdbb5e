//! Whether there is a graphical session to put agents into.

use crate::domain::{self, LOOK_MS};
use kt_plugin_api::Error;
use kt_plugin_api::service::{
    Availability, DetectRequest, Detection, Probe, ProbeOutcome, ProbeResult, Reason, SystemInfo,
};
use std::collections::BTreeMap;

pub(crate) fn probes(system: &SystemInfo) -> Vec<Probe> {
    let domain = domain::domain(system);
    let quiet = BTreeMap::new;
    vec![
        Probe::run(
            "session",
            &["launchctl", "print", &domain],
            quiet(),
            LOOK_MS,
        ),
        Probe::run("version", &["sw_vers", "-productVersion"], quiet(), LOOK_MS),
    ]
}

pub(crate) fn detect(request: &DetectRequest) -> Result<Detection, Error> {
    let version = match ProbeResult::find(&request.results, "version")? {
        ProbeOutcome::Exited {
            code: Some(0),
            stdout,
            ..
        } => Some(stdout.trim().to_owned()),
        _ => None,
    };
    let mut detection = Detection {
        supervisor: version
            .as_ref()
            .map_or_else(|| "launchd".to_owned(), |v| format!("launchd (macOS {v})")),
        version: version
            .and_then(|v| v.split('.').next().map(str::to_owned))
            .and_then(|major| major.parse().ok()),
        ..Detection::default()
    };
    match ProbeResult::find(&request.results, "session")? {
        ProbeOutcome::Exited { code: Some(0), .. } => {
            detection.availability = Availability::Available
        }
        ProbeOutcome::Exited { .. } => detection.reasons.push(Reason {
            code: "no-gui-session".to_owned(),
            message: "nobody is logged in at the screen of this Mac as this user".to_owned(),
            fix: Some("log in at the screen once, then try again".to_owned()),
        }),
        ProbeOutcome::Unknown(why) => detection.reasons.push(no_supervisor(why)),
        _ => detection
            .reasons
            .push(no_supervisor("`launchctl` is missing")),
    }
    Ok(detection)
}

fn no_supervisor(why: &str) -> Reason {
    Reason {
        code: "no-supervisor".to_owned(),
        message: format!("launchd does not answer: {why}"),
        fix: None,
    }
}

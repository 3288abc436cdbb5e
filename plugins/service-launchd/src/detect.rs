//! Detects the graphical session of the user.

use crate::domain::{self, PROBE_TIMEOUT_MS};
use kt_plugin_api::Error;
use kt_plugin_api::service::{
    Availability, DetectRequest, Detection, Probe, ProbeOutcome, ProbeResult, Reason, SystemInfo,
};
use std::collections::BTreeMap;

pub(crate) fn probes(system: &SystemInfo) -> Vec<Probe> {
    let domain = domain::domain(system);
    let env = BTreeMap::new;
    vec![
        Probe::run(
            "session",
            &["launchctl", "print", &domain],
            env(),
            PROBE_TIMEOUT_MS,
        ),
        Probe::run(
            "version",
            &["sw_vers", "-productVersion"],
            env(),
            PROBE_TIMEOUT_MS,
        ),
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
            message: "the user has no graphical session on this Mac".to_owned(),
            fix: Some("log in at the screen of the Mac, then try again".to_owned()),
        }),
        ProbeOutcome::Unknown(error) => detection.reasons.push(no_supervisor(error)),
        _ => detection
            .reasons
            .push(no_supervisor("`launchctl` is not installed")),
    }
    Ok(detection)
}

fn no_supervisor(cause: &str) -> Reason {
    Reason {
        code: "no-supervisor".to_owned(),
        message: format!("launchd does not respond: {cause}"),
        fix: None,
    }
}

//! Detects an `s6-svscan` of the user.

use crate::files::quote;
use crate::paths::{PROBE_TIMEOUT_MS, scan_dir, text};
use kt_plugin_api::Error;
use kt_plugin_api::service::{
    Availability, DetectRequest, Detection, Probe, ProbeAction, ProbeOutcome, ProbeResult, Reason,
    SystemInfo,
};
use std::collections::BTreeMap;

pub(crate) fn probes(system: &SystemInfo) -> Vec<Probe> {
    let scan = scan_dir(system);
    let run = |id: &str, argv: &[&str]| Probe::run(id, argv, BTreeMap::new(), PROBE_TIMEOUT_MS);
    vec![
        // Without a command it only reports whether an s6-svscan is running.
        run("svscan", &["s6-svscanctl", &text(&scan)]),
        // Available since 2.11; without arguments it prints its usage.
        run("svlink", &["s6-svlink"]),
        Probe::new("scan", ProbeAction::Stat(scan)),
    ]
}

pub(crate) fn detect(request: &DetectRequest) -> Result<Detection, Error> {
    let find = |id: &str| ProbeResult::find(&request.results, id);
    let mut detection = Detection {
        supervisor: "s6".to_owned(),
        ..Detection::default()
    };
    let (code, message, fix) = match (find("svscan")?, find("svlink")?, find("scan")?) {
        (ProbeOutcome::NotFound, ..) => ("no-supervisor", "s6 is not installed".to_owned(), None),
        (_, ProbeOutcome::NotFound, _) => {
            let message = "s6 2.11 or later is required".to_owned();
            ("s6-too-old", message, None)
        }
        (_, _, ProbeOutcome::Metadata { uid, .. }) if *uid != request.system.uid => {
            let message = format!("the scan directory belongs to user {uid}");
            ("scan-dir-foreign", message, None)
        }
        (ProbeOutcome::Exited { code: Some(0), .. }, ..) => {
            detection.availability = Availability::Available;
            return Ok(detection);
        }
        (ProbeOutcome::Unknown(error), ..) => {
            let message = format!("`s6-svscanctl` does not respond: {error}");
            ("supervisor-unresponsive", message, None)
        }
        _ => {
            let scan = text(&scan_dir(&request.system));
            let message = format!("no s6-svscan runs over `{scan}`");
            let scan = quote(&scan)?;
            let fix = format!("mkdir -p {scan} && s6-svscan {scan} &");
            ("no-supervisor", message, Some(fix))
        }
    };
    detection.reasons.push(Reason {
        code: code.to_owned(),
        message,
        fix,
    });
    Ok(detection)
}

//! Whether an `s6-svscan` of the person runs.

use crate::place::{LOOK_MS, scan_dir, text};
use crate::quote;
use kt_plugin_api::Error;
use kt_plugin_api::service::{
    DetectRequest, Detection, SystemInfo, Availability, Probe, ProbeAction, ProbeOutcome, ProbeResult, Reason,
};
use std::collections::BTreeMap;

pub(crate) fn probes(system: &SystemInfo) -> Vec<Probe> {
    let scan = scan_dir(system);
    let run = |id: &str, words: &[&str]| Probe::run(id, words, BTreeMap::new(), LOOK_MS);
    vec![
        // Without a command it only says whether somebody listens.
        run("svscan", &["s6-svscanctl", &text(&scan)]),
        // It came with 2.11; without arguments it explains itself.
        run("svlink", &["s6-svlink"]),
        Probe::new("scan", ProbeAction::Stat(scan)),
    ]
}

pub(crate) fn detect(request: &DetectRequest) -> Result<Detection, Error> {
    let (system, results) = (&request.system, &request.results);
    let reason = match (
        ProbeResult::find(results, "svscan")?,
        ProbeResult::find(results, "svlink")?,
        ProbeResult::find(results, "scan")?,
    ) {
        (ProbeOutcome::NotFound, ..) => reason("no-supervisor", "s6 is not installed", None),
        (_, ProbeOutcome::NotFound, _) => reason(
            "s6-too-old",
            "`s6-svlink` is missing: s6 2.11 or newer is needed",
            None,
        ),
        (_, _, ProbeOutcome::Metadata { uid, .. }) if *uid != system.uid => reason(
            "scan-dir-foreign",
            &format!("the scan directory belongs to user {uid}"),
            None,
        ),
        (ProbeOutcome::Exited { code: Some(0), .. }, ..) => {
            return Ok(Detection {
                fitness: Availability::Available,
                supervisor: "s6".to_owned(),
                ..Detection::default()
            });
        }
        (ProbeOutcome::Unknown(why), ..) => reason(
            "no-supervisor",
            &format!("it cannot be found out whether s6-svscan runs: {why}"),
            None,
        ),
        _ => not_running(system)?,
    };
    Ok(Detection {
        supervisor: "s6".to_owned(),
        reasons: vec![reason],
        ..Detection::default()
    })
}

fn not_running(system: &SystemInfo) -> Result<Reason, Error> {
    let scan = text(&scan_dir(system));
    let quoted = quote::word(&scan)?;
    Ok(reason(
        "no-supervisor",
        &format!("no s6-svscan runs over `{scan}`"),
        Some(format!("mkdir -p {quoted} && s6-svscan {quoted} &")),
    ))
}

fn reason(code: &str, message: &str, fix: Option<String>) -> Reason {
    Reason {
        code: code.to_owned(),
        message: message.to_owned(),
        fix,
    }
}

#[cfg(test)]
mod tests {
    use super::{detect, probes};
    use kt_plugin_api::service::{
        DetectRequest, Detection, SystemInfo, FileKind, Availability, ProbeOutcome, ProbeResult,
    };

    fn ran(code: i32) -> ProbeOutcome {
        ProbeOutcome::Exited {
            code: Some(code),
            stdout: String::new(),
            stderr: String::new(),
        }
    }

    fn dir(uid: u32) -> ProbeOutcome {
        ProbeOutcome::Metadata {
            kind: FileKind::Dir,
            uid,
            mode: 0o755,
        }
    }

    fn found(svscan: ProbeOutcome, svlink: ProbeOutcome, scan: ProbeOutcome) -> Detection {
        let system = SystemInfo {
            uid: 1000,
            home: "/home/o'u".into(),
            ..SystemInfo::default()
        };
        let asked = probes(&system);
        let seen = [svscan, svlink, scan];
        let result = asked.into_iter().zip(seen).map(|(p, seen)| ProbeResult {
            id: p.id,
            outcome: seen,
        });
        let results = result.collect();
        detect(&DetectRequest { system, results }).unwrap()
    }

    #[test]
    fn a_listening_svscan_is_usable() {
        let detection = found(ran(0), ran(100), dir(1000));
        assert_eq!(detection.fitness, Availability::Available);
        assert!(detection.reasons.is_empty());
    }

    #[test]
    fn why_it_cannot_be_used_is_told_apart() {
        let code = |svscan, svlink, scan| {
            let detection = found(svscan, svlink, scan);
            assert_eq!(detection.fitness, Availability::Unavailable);
            detection.reasons[0].code.clone()
        };
        let slow = || ProbeOutcome::Unknown("no answer".to_owned());
        assert_eq!(
            code(
                ProbeOutcome::NotFound,
                ProbeOutcome::NotFound,
                ProbeOutcome::NotFound
            ),
            "no-supervisor"
        );
        assert_eq!(code(ran(0), ProbeOutcome::NotFound, dir(1000)), "s6-too-old");
        assert_eq!(code(ran(0), ran(100), dir(0)), "scan-dir-foreign");
        assert_eq!(code(ran(100), ran(100), dir(1000)), "no-supervisor");
        assert_eq!(
            code(ran(100), ran(100), ProbeOutcome::NotFound),
            "no-supervisor"
        );
        assert_eq!(code(slow(), ran(100), dir(1000)), "no-supervisor");
    }

    #[test]
    fn the_cure_is_a_command() {
        let detection = found(ran(100), ran(100), ProbeOutcome::NotFound);
        let cure = detection.reasons[0].fix.as_deref().unwrap();
        let scan = r"'/home/o'\''u/.local/share/s6/scan'";
        assert_eq!(cure, format!("mkdir -p {scan} && s6-svscan {scan} &"));
    }
}

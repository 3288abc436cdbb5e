//! Results of probes.

use crate::observe::{observe, probes};
use crate::sample::system;
use kt_plugin_api::service::{
    FileKind, ObserveRequest, ServiceStatus, Probe, ProbeOutcome, ProbeResult, ServiceName,
};
use std::collections::BTreeMap;
use std::path::Path;

pub(super) const EARLIER: &str = "@400000006b068aeb00000000";
pub(super) const LATER: &str = "@400000006b068aec00000000";

pub(super) fn ran(code: i32, stdout: &str) -> ProbeOutcome {
    ProbeOutcome::Exited {
        code: Some(code),
        stdout: stdout.to_owned(),
        stderr: "s6: what it says\n".to_owned(),
    }
}

pub(super) fn file(kind: FileKind) -> ProbeOutcome {
    ProbeOutcome::Metadata {
        kind,
        uid: 1000,
        mode: 0o755,
    }
}

/// An installed service in a given state; a test changes what it is about.
pub(super) fn seen(state: &str, deaths: &str) -> BTreeMap<&'static str, ProbeOutcome> {
    let dir = "/home/ann/.local/share/s6/sv/kt-gateway\n";
    BTreeMap::from([
        ("svscan", ran(0, "")),
        ("state", ran(0, state)),
        ("deaths", ran(0, deaths)),
        ("leads-to", ran(0, dir)),
        ("lies-at", ran(0, dir)),
        ("entry", file(FileKind::Link)),
        (
            "others",
            ProbeOutcome::Entries(vec![".s6-svscan".to_owned(), "kt-gateway".to_owned()]),
        ),
        ("run", file(FileKind::File)),
        ("down", ProbeOutcome::NotFound),
        ("park", ProbeOutcome::Content("2\n78\n".to_owned())),
    ])
}

pub(super) fn read(outcome: &BTreeMap<&'static str, ProbeOutcome>) -> ServiceStatus {
    let (system, name) = (system(Path::new("/home/ann")), ServiceName::default());
    let asked = probes(&system, "kt-gateway", &name);
    let result = |p: Probe| ProbeResult {
        outcome: outcome[p.id.as_str()].clone(),
        id: p.id,
    };
    observe(&ObserveRequest {
        family: "kt-gateway".to_owned(),
        results: asked.into_iter().map(result).collect(),
        name,
        system,
        spec: None,
    })
    .unwrap()
}

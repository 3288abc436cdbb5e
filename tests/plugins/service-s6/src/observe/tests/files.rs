//! Where a service lies, and silence.

use super::seen::{EARLIER, LATER, file, ran, read, seen};
use crate::observe::observe;
use crate::sample::system;
use kt_plugin_api::Class;
use kt_plugin_api::service::{
    ActiveState, FileKind, ObserveRequest, ProbeOutcome, ServiceName, Autostart,
};
use std::path::Path;

#[test]
fn without_a_supervisor_only_files_speak() {
    let mut seen = seen("", "");
    seen.insert("state", ran(1, ""));
    seen.insert("deaths", ran(111, ""));
    let observed = read(&seen);
    assert_eq!(
        (observed.active, observed.loaded),
        (ActiveState::Inactive, Some(false))
    );
    assert_eq!(
        (observed.installed, observed.enabled),
        (Some(true), Some(true))
    );
    for (id, absent) in [
        ("run", ProbeOutcome::NotFound),
        ("entry", ProbeOutcome::NotFound),
        ("park", ProbeOutcome::NotFound),
    ] {
        seen.insert(id, absent);
    }
    seen.insert("leads-to", ran(1, ""));
    let observed = read(&seen);
    assert_eq!(
        (observed.installed, observed.enabled),
        (Some(false), Some(false))
    );
    assert_eq!(
        (observed.starts_at, observed.fragment),
        (Some(Autostart::Never), None)
    );
}

#[test]
fn what_keeps_it_from_starting_by_itself() {
    let up = format!("true true true false 1 -1 NA {EARLIER} {LATER}");
    let mut seen = seen(&up, "");
    seen.insert("down", file(FileKind::File));
    let observed = read(&seen);
    assert_eq!(
        (observed.enabled, observed.starts_at),
        (Some(false), Some(Autostart::Never))
    );
    seen.insert("down", ProbeOutcome::Unknown("no permission".to_owned()));
    assert_eq!(read(&seen).enabled, None);
    seen.insert("down", ProbeOutcome::NotFound);
    seen.insert("entry", ProbeOutcome::NotFound);
    assert_eq!(read(&seen).enabled, Some(false));
    seen.insert("run", ProbeOutcome::NotFound);
    let observed = read(&seen);
    assert!(observed.orphan, "it runs without a file");
}

#[test]
fn a_foreign_entry_is_said_with_its_place() {
    let mut seen = seen("", "");
    seen.insert("state", ran(1, ""));
    seen.insert("run", ProbeOutcome::NotFound);
    seen.insert("leads-to", ran(0, "/srv/theirs\n"));
    let observed = read(&seen);
    assert_eq!(
        observed.fragment.as_deref(),
        Some(Path::new("/srv/theirs/run"))
    );
    assert_eq!(observed.installed, Some(true));
}

#[test]
fn silence_is_unknown() {
    let mut seen = seen("", "");
    seen.insert("svscan", ran(100, ""));
    let observed = read(&seen);
    let why = observed.unreachable_because.as_deref();
    assert_eq!((observed.reachable, why), (false, Some("s6: what it says")));
    seen.insert("svscan", ProbeOutcome::NotFound);
    seen.insert("state", ProbeOutcome::Unknown("too slow".to_owned()));
    let observed = read(&seen);
    assert_eq!(
        (observed.active, observed.loaded),
        (ActiveState::Unknown, None)
    );
    let request = ObserveRequest {
        family: "kt-gateway".to_owned(),
        name: ServiceName::default(),
        system: system(Path::new("/home/ann")),
        results: Vec::new(),
        spec: None,
    };
    assert_eq!(observe(&request).unwrap_err().class, Class::Plugin);
}

use super::{detect, probes, version_of};
use kt_plugin_api::service::{
    Availability, DetectRequest, Detection, FileKind, ProbeOutcome, ProbeResult, StepAction,
    StepRole, SystemInfo,
};
use std::path::Path;

const UID: u32 = 1000;

fn system(runtime_dir: Option<&str>) -> SystemInfo {
    SystemInfo {
        os: "linux".to_owned(),
        uid: UID,
        user: "ann".to_owned(),
        runtime_dir: runtime_dir.map(Into::into),
        ..SystemInfo::default()
    }
}

fn file(kind: FileKind, uid: u32) -> ProbeOutcome {
    ProbeOutcome::Metadata {
        kind,
        uid,
        mode: 0o700,
    }
}

fn said(version: &str) -> ProbeOutcome {
    ProbeOutcome::Exited {
        code: Some(0),
        stdout: format!("systemd {version}\n+PAM\n"),
        stderr: String::new(),
    }
}

/// Answers every probe: what `known` says, else that a manager answers and
/// everything else is absent.
fn ask(system: &SystemInfo, known: &[(&str, ProbeOutcome)]) -> Detection {
    let results = probes(system)
        .into_iter()
        .map(|probe| ProbeResult {
            outcome: known
                .iter()
                .find(|(id, _)| *id == probe.id)
                .map_or_else(|| unknown(&probe.id), |(_, seen)| seen.clone()),
            id: probe.id,
        })
        .collect();
    detect(&DetectRequest {
        system: system.clone(),
        results,
    })
    .unwrap()
}

fn unknown(id: &str) -> ProbeOutcome {
    if id.starts_with("alive-") {
        return ended(0);
    }
    ProbeOutcome::NotFound
}

fn ended(code: i32) -> ProbeOutcome {
    ProbeOutcome::Exited {
        code: Some(code),
        stdout: String::new(),
        stderr: String::new(),
    }
}

fn booted(version: &str) -> Vec<(&'static str, ProbeOutcome)> {
    vec![
        ("version", said(version)),
        ("booted", file(FileKind::Dir, 0)),
    ]
}

fn with(
    mut known: Vec<(&'static str, ProbeOutcome)>,
    more: &[(&'static str, ProbeOutcome)],
) -> Vec<(&'static str, ProbeOutcome)> {
    known.extend_from_slice(more);
    known
}

#[test]
fn versions_are_read_from_every_form() {
    for (text, version) in [
        ("systemd 252 (252.38-1~deb12u1)", Some(252)),
        ("systemd 257~rc1", Some(257)),
        ("systemd", None),
        ("", None),
    ] {
        assert_eq!(version_of(text), version, "{text}");
    }
}

#[test]
fn the_socket_in_the_environments_directory_wins() {
    let known = with(
        booted("252 (252)"),
        &[
            ("dir-0", file(FileKind::Dir, UID)),
            ("socket-0", file(FileKind::Socket, UID)),
        ],
    );
    let found = ask(&system(Some("/run/x")), &known);
    assert_eq!(found.availability, Availability::Available);
    assert_eq!(found.runtime_dir.as_deref(), Some(Path::new("/run/x")));
    assert_eq!(found.supervisor, "systemd 252");
}

#[test]
fn without_a_session_the_standard_directory_is_looked_at() {
    let known = with(
        booted("252"),
        &[
            ("dir-0", file(FileKind::Dir, UID)),
            ("socket-0", file(FileKind::Socket, UID)),
        ],
    );
    let found = ask(&system(None), &known);
    assert_eq!(found.availability, Availability::Available);
    assert_eq!(
        found.runtime_dir.as_deref(),
        Some(Path::new("/run/user/1000"))
    );
}

#[test]
fn lingering_by_explicit_name_is_the_way_to_a_missing_manager() {
    let found = ask(&system(None), &booted("252"));
    assert_eq!(found.availability, Availability::NeedsPreparation);
    assert_eq!(found.reasons[0].code, "no-user-bus");
    let StepAction::Run(run) = &found.prepare[0].action else {
        panic!("not a command")
    };
    assert_eq!(
        run.argv,
        ["loginctl", "--no-ask-password", "enable-linger", "ann"]
    );
    assert_eq!(found.prepare[0].undo[0].argv[2], "disable-linger");
}

#[test]
fn lingering_that_was_on_before_is_not_ours_to_take_back() {
    let known = with(booted("252"), &[("linger", file(FileKind::File, 0))]);
    let found = ask(&system(None), &known);
    assert_eq!(found.availability, Availability::NeedsPreparation);
    let step = &found.prepare[0];
    assert!(step.undo.is_empty());
    assert_eq!(step.role, None);
    let found = ask(&system(None), &booted("252"));
    assert_eq!(found.prepare[0].role, Some(StepRole::BootStart));
}

#[test]
fn the_socket_of_a_manager_that_died_is_no_manager() {
    let known = with(
        booted("252"),
        &[
            ("dir-0", file(FileKind::Dir, UID)),
            ("socket-0", file(FileKind::Socket, UID)),
            ("alive-0", ended(1)),
        ],
    );
    let found = ask(&system(None), &known);
    assert_eq!(found.availability, Availability::Unavailable);
    assert_eq!(found.reasons[0].code, "no-user-bus");
    let fix = found.reasons[0].fix.as_deref();
    assert_eq!(fix, Some("sudo systemctl start user@1000.service"));
}

#[test]
fn another_users_directory_is_refused_and_named() {
    let known = with(booted("252"), &[("dir-0", file(FileKind::Dir, 7))]);
    let found = ask(&system(Some("/run/user/7")), &known);
    assert_eq!(found.availability, Availability::Unavailable);
    assert_eq!(found.reasons[0].code, "runtime-dir-foreign");
}

#[test]
fn old_versions_and_other_systems_are_refused_by_name() {
    let old = ask(&system(None), &booted("249 (249.11)"));
    assert_eq!(old.availability, Availability::Unavailable);
    assert_eq!(old.reasons[0].code, "systemd-too-old");
    assert!(old.reasons[0].message.contains("249") && old.reasons[0].message.contains("252"));
    let other = ask(&system(None), &[("version", said("252"))]);
    assert_eq!(other.reasons[0].code, "no-supervisor");
}

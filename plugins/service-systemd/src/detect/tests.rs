use super::{detect, parse_version, probes};
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

fn version_output(version: &str) -> ProbeOutcome {
    ProbeOutcome::Exited {
        code: Some(0),
        stdout: format!("systemd {version}\n+PAM\n"),
        stderr: String::new(),
    }
}

/// Detects with the outcomes of `given`; otherwise a manager responds and nothing
/// else exists.
fn detect_with(system: &SystemInfo, given: &[(&str, ProbeOutcome)]) -> Detection {
    let results = probes(system)
        .into_iter()
        .map(|probe| ProbeResult {
            outcome: given.iter().find(|(id, _)| *id == probe.id).map_or_else(
                || default_outcome(&probe.id),
                |(_, outcome)| outcome.clone(),
            ),
            id: probe.id,
        })
        .collect();
    detect(&DetectRequest {
        system: system.clone(),
        results,
    })
    .unwrap()
}

fn default_outcome(id: &str) -> ProbeOutcome {
    if id.starts_with("alive-") {
        return exited(0);
    }
    ProbeOutcome::NotFound
}

fn exited(code: i32) -> ProbeOutcome {
    ProbeOutcome::Exited {
        code: Some(code),
        stdout: String::new(),
        stderr: String::new(),
    }
}

fn booted(version: &str) -> Vec<(&'static str, ProbeOutcome)> {
    vec![
        ("version", version_output(version)),
        ("booted", file(FileKind::Dir, 0)),
    ]
}

fn with(
    mut given: Vec<(&'static str, ProbeOutcome)>,
    more: &[(&'static str, ProbeOutcome)],
) -> Vec<(&'static str, ProbeOutcome)> {
    given.extend_from_slice(more);
    given
}

#[test]
fn every_version_format_is_parsed() {
    for (text, version) in [
        ("systemd 252 (252.38-1~deb12u1)", Some(252)),
        ("systemd 257~rc1", Some(257)),
        ("systemd", None),
        ("", None),
    ] {
        assert_eq!(parse_version(text), version, "{text}");
    }
}

#[test]
fn the_runtime_directory_of_the_environment_has_precedence() {
    let given = with(
        booted("252 (252)"),
        &[
            ("dir-0", file(FileKind::Dir, UID)),
            ("socket-0", file(FileKind::Socket, UID)),
        ],
    );
    let detection = detect_with(&system(Some("/run/x")), &given);
    assert_eq!(detection.availability, Availability::Available);
    assert_eq!(detection.runtime_dir.as_deref(), Some(Path::new("/run/x")));
    assert_eq!(detection.supervisor, "systemd 252");
}

#[test]
fn without_a_session_the_default_directory_is_used() {
    let given = with(
        booted("252"),
        &[
            ("dir-0", file(FileKind::Dir, UID)),
            ("socket-0", file(FileKind::Socket, UID)),
        ],
    );
    let detection = detect_with(&system(None), &given);
    assert_eq!(detection.availability, Availability::Available);
    assert_eq!(
        detection.runtime_dir.as_deref(),
        Some(Path::new("/run/user/1000"))
    );
}

#[test]
fn lingering_is_enabled_by_user_name_if_there_is_no_manager() {
    let detection = detect_with(&system(None), &booted("252"));
    assert_eq!(detection.availability, Availability::NeedsPreparation);
    assert_eq!(detection.reasons[0].code, "no-user-bus");
    let StepAction::Run(run) = &detection.prepare[0].action else {
        panic!("not a command")
    };
    assert_eq!(
        run.argv,
        ["loginctl", "--no-ask-password", "enable-linger", "ann"]
    );
    assert_eq!(detection.prepare[0].undo[0].argv[2], "disable-linger");
}

#[test]
fn lingering_that_was_already_enabled_is_not_reverted() {
    let given = with(booted("252"), &[("linger", file(FileKind::File, 0))]);
    let detection = detect_with(&system(None), &given);
    assert_eq!(detection.availability, Availability::NeedsPreparation);
    let step = &detection.prepare[0];
    assert!(step.undo.is_empty());
    assert_eq!(step.role, None);
    let detection = detect_with(&system(None), &booted("252"));
    assert_eq!(detection.prepare[0].role, Some(StepRole::BootStart));
}

#[test]
fn the_socket_of_a_manager_that_exited_is_not_a_manager() {
    let given = with(
        booted("252"),
        &[
            ("dir-0", file(FileKind::Dir, UID)),
            ("socket-0", file(FileKind::Socket, UID)),
            ("alive-0", exited(1)),
        ],
    );
    let detection = detect_with(&system(None), &given);
    assert_eq!(detection.availability, Availability::Unavailable);
    assert_eq!(detection.reasons[0].code, "no-user-bus");
    let fix = detection.reasons[0].fix.as_deref();
    assert_eq!(fix, Some("sudo systemctl start user@1000.service"));
}

#[test]
fn the_directory_of_another_user_is_rejected() {
    let given = with(booted("252"), &[("dir-0", file(FileKind::Dir, 7))]);
    let detection = detect_with(&system(Some("/run/user/7")), &given);
    assert_eq!(detection.availability, Availability::Unavailable);
    assert_eq!(detection.reasons[0].code, "runtime-dir-foreign");
}

#[test]
fn old_versions_and_other_init_systems_are_rejected() {
    let old = detect_with(&system(None), &booted("249 (249.11)"));
    assert_eq!(old.availability, Availability::Unavailable);
    assert_eq!(old.reasons[0].code, "systemd-too-old");
    assert!(old.reasons[0].message.contains("249") && old.reasons[0].message.contains("252"));
    let other = detect_with(&system(None), &[("version", version_output("252"))]);
    assert_eq!(other.reasons[0].code, "no-supervisor");
}

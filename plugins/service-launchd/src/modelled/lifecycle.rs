//! Install, start, stop, restart and uninstall.

use super::mac::{LABEL, Mac};
use kt_plugin_api::service::execute::{Runner, apply};
use kt_plugin_api::service::{Action, ActiveState, Availability, RenderOptions};
use std::time::{Duration, Instant};

#[test]
fn a_lifecycle_from_install_to_uninstall() {
    let Some(mac) = Mac::installed() else { return };
    mac.act(Action::Stop).unwrap();
    let stopped = mac.observe();
    assert_eq!(
        (stopped.active_state, stopped.loaded),
        (ActiveState::Inactive, Some(true))
    );
    mac.act(Action::Stop).unwrap();
    mac.act(Action::Start).unwrap();
    mac.act(Action::Start).unwrap();
    assert_eq!(mac.active_state(), ActiveState::Active);
    let pid = mac.observe().pid;
    mac.act(Action::Restart).unwrap();
    assert!(mac.observe().pid.is_some_and(|new| Some(new) != pid));
    mac.act(Action::Uninstall).unwrap();
    let removed = mac.observe();
    assert_eq!(
        (removed.installed, removed.loaded),
        (Some(false), Some(false))
    );
    mac.act(Action::Uninstall).unwrap();
}

#[test]
fn a_stopped_agent_remains_loaded() {
    let Some(mac) = Mac::installed() else { return };
    mac.act(Action::Stop).unwrap();
    assert_eq!((mac.calls("kill SIGTERM"), mac.calls("bootout")), (1, 0));
    mac.act(Action::Start).unwrap();
    assert_eq!(mac.calls("bootstrap"), 0);
}

#[test]
fn an_unchanged_running_agent_is_not_restarted() {
    let Some(mac) = Mac::installed() else { return };
    let pid = mac.observe().pid;
    let options = RenderOptions {
        files_changed: false,
        ..RenderOptions::default()
    };
    mac.act_with(Action::Install, options).unwrap();
    assert_eq!(mac.observe().pid, pid);
}

#[test]
fn an_install_without_start_takes_effect_at_the_next_login() {
    let Some(mac) = Mac::new() else { return };
    let options = RenderOptions {
        start: false,
        ..RenderOptions::default()
    };
    mac.act_with(Action::Install, options).unwrap();
    let status = mac.observe();
    assert_eq!((status.installed, status.loaded), (Some(true), Some(false)));
    mac.act(Action::Start).unwrap();
    assert_eq!(mac.active_state(), ActiveState::Active);
}

#[test]
fn a_reinstall_waits_until_the_previous_agent_is_unloaded() {
    let Some(mac) = Mac::installed() else { return };
    mac.model("draining 0.2");
    let start = Instant::now();
    mac.act(Action::Install).unwrap();
    assert_eq!(mac.active_state(), ActiveState::Active);
    assert!(start.elapsed() >= Duration::from_millis(200));
}

#[test]
fn a_disabled_agent_is_enabled_first() {
    let Some(mac) = Mac::new() else { return };
    mac.launchctl("disable");
    mac.act(Action::Install).unwrap();
    let status = mac.observe();
    assert_eq!(
        (status.active_state, status.enabled),
        (ActiveState::Active, Some(true))
    );
}

#[test]
fn a_crashed_agent_is_restarted_and_a_clean_exit_is_final() {
    let Some(mac) = Mac::installed() else { return };
    let pid = mac.observe().pid;
    mac.signal("-KILL");
    while mac.observe().pid.is_none_or(|new| Some(new) == pid) {
        mac.sleep(Duration::from_millis(100));
    }
    let status = mac.observe();
    assert_eq!(
        (status.active_state, status.restarts),
        (ActiveState::Active, None)
    );
    mac.signal("-TERM");
    mac.await_state("not running");
    mac.sleep(Duration::from_secs(20));
    assert_eq!(mac.active_state(), ActiveState::Inactive);
}

#[test]
fn a_restart_works_in_every_state() {
    let prepare: [fn(&Mac); 5] = [
        |_| {},
        |mac| {
            mac.signal("-TERM");
            mac.await_state("not running");
        },
        |mac| {
            mac.model("set scale 100");
            mac.signal("-KILL");
            mac.await_state("spawn scheduled");
            mac.model("set scale 0.02");
        },
        |mac| mac.on_sigterm("exit 143"),
        |mac| mac.launchctl("bootout"),
    ];
    let Some(mac) = Mac::installed() else { return };
    for (case, prepare) in prepare.into_iter().enumerate() {
        let pid = mac.observe().pid;
        prepare(&mac);
        mac.act(Action::Restart).unwrap();
        mac.on_sigterm("exit 0");
        let status = mac.observe();
        assert_eq!(status.active_state, ActiveState::Active, "{case}");
        assert_ne!(status.pid, pid, "{case}");
    }
}

#[test]
fn detection_reports_a_missing_session() {
    let Some(mac) = Mac::new() else { return };
    mac.model("set version 14.5");
    let detection = mac.detect();
    assert_eq!(detection.availability, Availability::Available);
    assert_eq!(
        (&*detection.supervisor, detection.version),
        ("launchd (macOS 14.5)", Some(14))
    );
    mac.model("logout");
    let detection = mac.detect();
    assert_eq!(detection.availability, Availability::Unavailable);
    assert_eq!(detection.reasons[0].code, "no-gui-session");
}

#[test]
fn without_a_session_the_file_can_be_removed() {
    let Some(mac) = Mac::installed() else { return };
    mac.model("logout");
    assert!(!mac.observe().reachable);
    mac.act(Action::Uninstall).unwrap();
    assert!(!mac.plist().exists());
    let failed = mac.act(Action::Install).unwrap_err();
    assert_eq!(failed, ("enable".to_owned(), Vec::new()));
}

#[test]
fn every_version_of_launchd_is_supported() {
    let Some(mac) = Mac::new() else { return };
    for setting in [
        "run-at-load off",
        "draining 0.04",
        "busy-code 37",
        "bootout-code 36",
        "kickstart-running-code 37",
    ] {
        mac.model(&format!("set {setting}"));
    }
    for action in [
        Action::Install,
        Action::Install,
        Action::Start,
        Action::Restart,
    ] {
        mac.act(action).unwrap();
        assert_eq!(mac.active_state(), ActiveState::Active, "{action:?}");
    }
    mac.act(Action::Uninstall).unwrap();
    assert_eq!(mac.observe().loaded, Some(false));
}

/// Another program unloads the agent, which takes some time to exit.
#[test]
fn a_stopping_agent_is_awaited() {
    let Some(mac) = Mac::installed() else { return };
    for action in [
        Action::Start,
        Action::Restart,
        Action::Install,
        Action::Stop,
    ] {
        mac.on_sigterm("sleep 0.3; exit 0");
        mac.launchctl("bootout");
        assert_eq!(mac.active_state(), ActiveState::Deactivating);
        mac.act(action).unwrap();
        let expected = match action {
            Action::Stop => ActiveState::Inactive,
            _ => ActiveState::Active,
        };
        assert_eq!(mac.active_state(), expected, "{action:?}");
        assert_eq!(mac.calls("kill SIGTERM"), 0, "{action:?}");
    }
}

/// The previous list remains loaded when a running agent is reinstalled later.
#[test]
fn a_completed_install_can_be_reverted() {
    let Some(mac) = Mac::new() else { return };
    let applied = mac.act(Action::Install).unwrap();
    assert_eq!(applied.undo_log.undo(&mac), Vec::<String>::new());
    let status = mac.observe();
    assert_eq!(
        (status.loaded, status.installed),
        (Some(false), Some(false))
    );
    mac.act(Action::Install).unwrap();
    mac.edit_plist();
    mac.model("draining 0.1");
    let plan = mac.plan(Action::Install, RenderOptions::default());
    let applied = apply(&mac, &plan).unwrap();
    assert!(!mac.edited_plist_is_loaded());
    assert_eq!(applied.undo_log.undo(&mac), Vec::<String>::new());
    assert_eq!(mac.active_state(), ActiveState::Active);
    assert!(mac.edited_plist_is_loaded(), "{LABEL}");
}

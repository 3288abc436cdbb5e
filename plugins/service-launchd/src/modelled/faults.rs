//! Agents that do not exit on SIGTERM, failing calls and cancelled plans.

use super::mac::Mac;
use kt_plugin_api::service::execute::{Runner, apply};
use kt_plugin_api::service::{Action, ActiveState, RenderOptions};
use std::fs;
use std::time::{Duration, Instant};

const IGNORE: &str = ":";

#[test]
fn a_reinstall_waits_for_requests_in_flight() {
    let Some(mac) = Mac::installed() else { return };
    for bootout_waits in ["off", "on"] {
        mac.on_sigterm("sleep 0.6; exit 0");
        mac.model(&format!("set bootout-waits {bootout_waits}"));
        let start = Instant::now();
        let applied = mac.act(Action::Install).unwrap();
        assert_eq!(applied.warnings, Vec::<String>::new());
        assert_eq!(mac.observe().last_exit, None, "it is a new agent");
        assert!(start.elapsed() >= Duration::from_millis(600));
    }
}

#[test]
fn a_reinstall_kills_an_agent_that_ignores_sigterm() {
    let Some(mac) = Mac::installed() else { return };
    for bootout_waits in ["off", "on"] {
        mac.on_sigterm(IGNORE);
        mac.model(&format!("set bootout-waits {bootout_waits}"));
        let pid = mac.observe().pid;
        let applied = mac.act(Action::Install).unwrap();
        assert_eq!(applied.warnings.len(), 1);
        let status = mac.observe();
        assert!(status.active_state == ActiveState::Active && status.pid != pid);
    }
}

/// An agent that launchd would restart, or that ignores SIGTERM, is unloaded.
#[test]
fn a_stop_is_final_whatever_the_agent_does() {
    let Some(mac) = Mac::installed() else { return };
    for (commands, warnings) in [
        ("exit 143", 0),
        ("trap - TERM; kill -TERM $$", 0),
        (IGNORE, 1),
    ] {
        mac.on_sigterm(commands);
        let applied = mac.act(Action::Stop).unwrap();
        assert_eq!(applied.warnings.len(), warnings, "{commands}");
        mac.sleep(Duration::from_secs(20));
        let status = mac.observe();
        assert_eq!(
            (status.active_state, status.loaded),
            (ActiveState::Inactive, Some(false)),
            "{commands}"
        );
        mac.on_sigterm("exit 0");
        mac.act(Action::Start).unwrap();
        assert_eq!(mac.active_state(), ActiveState::Active);
    }
}

#[test]
fn a_stop_between_two_restarts_is_final() {
    let Some(mac) = Mac::installed() else { return };
    mac.model("set scale 100");
    mac.signal("-KILL");
    mac.await_state("spawn scheduled");
    let status = mac.observe();
    assert_eq!(
        (status.active_state, &*status.sub_state),
        (ActiveState::Restarting, "spawn scheduled")
    );
    mac.act(Action::Stop).unwrap();
    assert_eq!(mac.observe().loaded, Some(false), "nothing is scheduled");
    mac.act(Action::Start).unwrap();
    assert_eq!(mac.active_state(), ActiveState::Active);
}

#[test]
fn a_failed_first_install_is_reverted_completely() {
    let Some(mac) = Mac::new() else { return };
    mac.launchctl("disable");
    mac.model("fail bootstrap 125");
    let failed = mac.act(Action::Install).unwrap_err();
    assert_eq!(failed, ("bootstrap".to_owned(), Vec::new()));
    assert!(!mac.plist().exists());
    assert_eq!(mac.observe().enabled, Some(false), "as it was");
}

#[test]
fn a_failed_reinstall_restores_the_previous_agent() {
    let Some(mac) = Mac::installed() else { return };
    mac.edit_plist();
    mac.model("fail bootstrap 125");
    let failed = mac.act(Action::Install).unwrap_err();
    assert_eq!(failed, ("bootstrap".to_owned(), Vec::new()));
    assert_eq!(mac.active_state(), ActiveState::Active);
    assert!(mac.edited_plist_is_loaded());
}

#[test]
fn a_failed_change_does_not_start_a_stopped_agent() {
    for (action, verb) in [
        (Action::Install, "bootstrap"),
        (Action::Uninstall, "bootout"),
    ] {
        let Some(mac) = Mac::installed() else { return };
        mac.act(Action::Stop).unwrap();
        mac.model(&format!("fail {verb} 1"));
        mac.act(action).unwrap_err();
        mac.sleep(Duration::from_secs(20));
        assert_eq!(mac.active_state(), ActiveState::Inactive, "{action:?}");
        assert!(mac.plist().exists());
    }
}

/// After a cancellation at any point the agent runs again, with the list that it
/// was loaded with.
#[test]
fn a_cancelled_change_is_reverted_completely() {
    for action in [Action::Install, Action::Uninstall] {
        let Some(mac) = Mac::installed() else { return };
        mac.act(Action::Uninstall).unwrap();
        mac.act_with(
            Action::Install,
            RenderOptions {
                start: false,
                ..RenderOptions::default()
            },
        )
        .unwrap();
        mac.edit_plist();
        mac.act(Action::Start).unwrap();
        mac.model("draining 0.06");
        let edited = fs::read(mac.plist()).unwrap();
        for checks in 0.. {
            let plan = mac.plan(action, RenderOptions::default());
            mac.cancel_after(checks);
            let Err(error) = apply(&mac, &plan) else {
                assert!(checks > 5, "{action:?}");
                break;
            };
            let failures = error.undo_log.undo(&mac);
            assert_eq!(failures, Vec::<String>::new(), "{action:?} after {checks}");
            // An agent that was loaded again is started a moment later.
            mac.await_state("running");
            assert_eq!(
                mac.active_state(),
                ActiveState::Active,
                "{action:?} after {checks}"
            );
            assert!(mac.edited_plist_is_loaded(), "{action:?} after {checks}");
            assert_eq!(fs::read(mac.plist()).unwrap(), edited);
        }
    }
}

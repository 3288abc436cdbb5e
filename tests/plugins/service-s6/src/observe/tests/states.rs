//! What a service does.

use super::seen::{EARLIER, LATER, read, seen};
use kt_plugin_api::service::{ActiveState, ExitKind, ServiceStatus};
use std::path::Path;

/// `up`, `wantedup`, whether the finish script is done, and how it last ended.
fn state(up: bool, wanted: bool, done: bool, deaths: &str) -> ServiceStatus {
    let ready = if done { LATER } else { EARLIER };
    let pid = if up { 4711 } else { -1 };
    let since = if done { EARLIER } else { LATER };
    let line = format!("{up} {wanted} true false {pid} -1 NA {since} {ready}\n");
    read(&seen(&line, deaths))
}

#[test]
fn states_are_told_apart() {
    let (crashed, parked) = (
        format!("{EARLIER} exitcode 1\n"),
        format!("{EARLIER} exitcode 78\n"),
    );
    let clean = format!("{EARLIER} exitcode 0\n");
    for (up, wanted, done, deaths, expected) in [
        (true, true, true, "", ActiveState::Active),
        (true, true, false, &*crashed, ActiveState::Active),
        (true, false, false, "", ActiveState::Deactivating),
        (false, true, true, "", ActiveState::Activating),
        (false, true, false, &crashed, ActiveState::Restarting),
        (false, true, true, &crashed, ActiveState::Restarting),
        (false, false, false, &clean, ActiveState::Deactivating),
        (false, false, true, &clean, ActiveState::Inactive),
        (false, false, true, &crashed, ActiveState::Inactive),
        (false, false, true, "", ActiveState::Inactive),
        (false, false, true, &parked, ActiveState::Failed),
    ] {
        let observed = state(up, wanted, done, deaths);
        assert_eq!(observed.active, expected, "{up} {wanted} {done} {deaths}");
        assert_eq!(observed.pid, up.then_some(4711));
        assert_eq!(
            (observed.installed, observed.loaded),
            (Some(true), Some(true))
        );
    }
}

#[test]
fn a_running_service_is_read_whole() {
    let deaths = format!("{EARLIER} exitcode 1\n{LATER} signal SIGSEGV\n");
    let observed = state(true, true, true, &deaths);
    assert_eq!(observed.unit, "kt-gateway");
    assert_eq!(observed.since, Some(1_795_590_854));
    assert_eq!(observed.restarts, Some(2));
    assert_eq!((observed.enabled, observed.starts_at), (Some(true), None));
    assert_eq!(observed.others, Some(false));
    let run = "/home/ann/.local/share/s6/sv/kt-gateway/run";
    assert_eq!(observed.fragment.as_deref(), Some(Path::new(run)));
    assert_eq!((observed.sub.as_str(), observed.orphan), ("up", false));
    let last = observed.last_exit.unwrap();
    assert_eq!((last.code, last.signal.as_deref()), (None, Some("SEGV")));
    assert_eq!(
        (last.class, last.at),
        (ExitKind::Crash, Some(1_795_590_855))
    );
    assert_eq!(observed.raw["pid"], "4711");
}

#[test]
fn a_service_that_is_tried_again_has_failed_once_more_than_it_was_started_again() {
    let deaths = format!("{EARLIER} exitcode 1\n{LATER} exitcode 1\n");
    let observed = state(false, true, false, &deaths);
    assert_eq!(
        (observed.restarts, &*observed.sub),
        (Some(1), "down, want up")
    );
}

//! The whole of systemd, booted: what each scenario does, and what must come of
//! it, is in `tests/rigs/boot`.
//!
//! A scenario runs on the machine's own root, and on Debian 13 where there is a
//! tree of it: the one that `KT_TEST_DEBIAN_13` names, or the one that
//! `tests/rigs/debian-13.sh` has put into the cache.

use super::rig::rig;
use crate::harness::{dist, workspace};
use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;

/// A root tree of Debian 13, by its directory.
const DEBIAN_13: &str = "KT_TEST_DEBIAN_13";

#[test]
fn a_gateway_is_installed_without_a_session() {
    boots("no-session", 1);
}

#[test]
fn a_gateway_is_installed_from_every_session() {
    boots("sessions", 1);
}

#[test]
fn root_is_refused_what_is_not_its_own() {
    boots("root", 1);
}

#[test]
fn lingering_stays_what_the_person_made_it() {
    boots("linger", 1);
}

#[test]
fn status_says_what_a_logout_does() {
    boots("logout", 1);
}

#[test]
fn status_says_what_a_reboot_does() {
    boots("reboot", 3);
}

#[test]
fn an_unreadable_journal_is_no_empty_log() {
    boots("journal", 1);
}

/// Crash, hang, park, edit, upgrade, a kt that dies between every two changes:
/// see `plugins/gateway-service/src/conformance`.
#[test]
fn the_bundled_backend_passes_the_scenario() {
    boots("conformance", 1);
}

/// A script that no test names would be silently left out.
#[test]
fn every_scenario_is_run() {
    let names = fs::read_dir(workspace().join("tests/rigs/boot"))
        .expect("the scenarios have a folder")
        .map(|entry| entry.expect("the folder can be read").path())
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()));
    let forgotten: Vec<String> = names
        .filter(|name| name != "steps")
        .filter(|name| !include_str!("boot.rs").contains(&format!("boots(\"{name}\", ")))
        .collect();
    assert!(forgotten.is_empty(), "no test runs {forgotten:?}");
}

/// Boots as often as told on one disk, running the scenario each time.
fn boots(scenario: &str, times: usize) {
    let script = workspace().join(format!("tests/rigs/boot/{scenario}.sh"));
    for root in roots() {
        let mut args: Vec<OsString> = vec!["--root".into(), root.into()];
        args.extend(["--tree".into(), dist().into()]);
        args.extend(std::iter::repeat_n(script.clone().into_os_string(), times));
        let Some(ran) = rig("systemd-boot.sh", args) else {
            continue;
        };
        ran.ok();
        let ended = ran.stdout.lines().filter(|line| *line == "ok").count();
        assert_eq!(ended, times, "a boot did not come to its end{ran}");
    }
}

/// The root trees that can be booted.
fn roots() -> Vec<PathBuf> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let cached = || {
        let home = || set("HOME").map(|home| PathBuf::from(home).join(".cache"));
        let cache = set("XDG_CACHE_HOME").map(PathBuf::from).or_else(home)?;
        Some(cache.join("kt-rig/debian-13")).filter(|tree| tree.is_dir())
    };
    let debian_13 = set(DEBIAN_13).map(PathBuf::from).or_else(cached);
    std::iter::once(PathBuf::from("/"))
        .chain(debian_13)
        .collect()
}

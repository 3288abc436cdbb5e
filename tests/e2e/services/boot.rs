//! A booted systemd: the scenarios and their expectations are in `tests/rigs/boot`.
//!
//! A scenario runs on the root file system of the machine, and on Debian 13 if there is a
//! root tree: that of `KT_TEST_DEBIAN_13`, or that of `tests/rigs/debian-13.sh` in the cache.

use super::rig::rig;
use crate::harness::{dist, workspace};
use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;

/// The variable with the directory of a Debian 13 root tree.
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
fn root_is_refused_for_other_users() {
    boots("root", 1);
}

#[test]
fn lingering_is_restored_after_uninstall() {
    boots("linger", 1);
}

#[test]
fn status_reports_the_effect_of_a_logout() {
    boots("logout", 1);
}

#[test]
fn status_reports_the_effect_of_a_reboot() {
    boots("reboot", 3);
}

#[test]
fn logs_do_not_require_a_readable_journal() {
    boots("journal", 1);
}

/// Crash, hang, park, edit, upgrade, a kt that is killed at every change: see `plugins/gateway-service/src/conformance`.
#[test]
fn the_bundled_backend_passes_the_conformance_tests() {
    boots("conformance", 1);
}

/// A script that no test runs would be skipped silently.
#[test]
fn every_scenario_is_run() {
    let names = fs::read_dir(workspace().join("tests/rigs/boot"))
        .expect("the directory of the scenarios")
        .map(|entry| entry.expect("the directory is readable").path())
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()));
    let missing: Vec<String> = names
        .filter(|name| name != "steps")
        .filter(|name| !include_str!("boot.rs").contains(&format!("boots(\"{name}\", ")))
        .collect();
    assert!(missing.is_empty(), "no test runs {missing:?}");
}

/// Boots one disk `times` times, and runs the scenario in each boot.
fn boots(scenario: &str, times: usize) {
    let script = workspace().join(format!("tests/rigs/boot/{scenario}.sh"));
    for root in roots() {
        let mut args: Vec<OsString> = vec!["--root".into(), root.into()];
        args.extend(["--tree".into(), dist().into()]);
        args.extend(std::iter::repeat_n(script.clone().into_os_string(), times));
        let Some(output) = rig("systemd-boot.sh", args) else {
            continue;
        };
        output.ok();
        let finished = output.stdout.lines().filter(|line| *line == "ok").count();
        assert_eq!(finished, times, "a boot did not finish{output}");
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

//! A service under a user manager and nothing else.

use super::rig::rig;
use crate::harness::{assert_golden, bless_directory, dist, shape};

/// Where the shapes of an installed service's JSON are.
const FOLDER: &str = "tests/golden/service";

/// Create, install, kill, reload, edit, take back, uninstall: the steps and
/// what each must do are in the script. What is shown of an installed service
/// keeps its shape.
#[test]
fn a_service_lives_under_a_real_user_manager() {
    let Some(ran) = rig("service-lifecycle.sh", [dist()]) else {
        return;
    };
    ran.ok()
        .out_has("== a killed gateway comes back")
        .out_has("\nok\n");
    let shown: Vec<(&str, &str)> = ran
        .stdout
        .lines()
        .filter_map(|line| line.strip_prefix("JSON ")?.split_once(' '))
        .collect();
    let mut files: Vec<String> = shown.iter().map(|(n, _)| format!("{n}.txt")).collect();
    files.push("status-labels.txt".to_owned());
    bless_directory(FOLDER, &files);
    for (name, json) in shown {
        let value = serde_json::from_str(json).unwrap_or_else(|e| panic!("{name}: {e}: {json}"));
        assert_golden(&format!("{FOLDER}/{name}.txt"), &shape(&value));
    }
    let labels: String = ran
        .stdout
        .lines()
        .filter_map(|line| line.strip_prefix("TEXT status "))
        .map(|label| format!("{label}\n"))
        .collect();
    assert_golden(&format!("{FOLDER}/status-labels.txt"), &labels);
}

/// Parking, the breaker, outages, edits, strangers, secrets.
#[test]
fn a_service_in_trouble_says_so_and_goes_on() {
    let Some(ran) = rig("service-trouble.sh", [dist()]) else {
        return;
    };
    ran.ok().out_has("\nok\n");
}

/// Upgrades under load, and a kt that is killed before each of its changes.
#[test]
fn a_service_is_upgraded_without_a_failed_request() {
    let Some(ran) = rig("service-upgrade.sh", [dist()]) else {
        return;
    };
    ran.ok().out_has("\"failed\": 0").out_has("\nok\n");
}

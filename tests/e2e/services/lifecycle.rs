//! A service under a user manager, without the rest of systemd.

use super::rig::rig;
use crate::harness::{assert_golden, bless_directory, dist, shape};

/// The golden files with the JSON shapes of an installed service.
const FOLDER: &str = "tests/golden/service";

/// Create, install, kill, reload, edit, roll back, uninstall: the steps and their
/// expectations are in the script. The output for an installed service keeps its shape.
#[test]
fn a_service_runs_under_a_real_user_manager() {
    let Some(output) = rig("service-lifecycle.sh", [dist()]) else {
        return;
    };
    output
        .ok()
        .stdout_contains("== a killed gateway is restarted")
        .stdout_contains("\nok\n");
    let outputs: Vec<(&str, &str)> = output
        .stdout
        .lines()
        .filter_map(|line| line.strip_prefix("JSON ")?.split_once(' '))
        .collect();
    let mut files: Vec<String> = outputs.iter().map(|(n, _)| format!("{n}.txt")).collect();
    files.push("status-labels.txt".to_owned());
    bless_directory(FOLDER, &files);
    for (name, json) in outputs {
        let value = serde_json::from_str(json).unwrap_or_else(|e| panic!("{name}: {e}: {json}"));
        assert_golden(&format!("{FOLDER}/{name}.txt"), &shape(&value));
    }
    let labels: String = output
        .stdout
        .lines()
        .filter_map(|line| line.strip_prefix("TEXT status "))
        .map(|label| format!("{label}\n"))
        .collect();
    assert_golden(&format!("{FOLDER}/status-labels.txt"), &labels);
}

/// Parking, the crash limit, outages, edited and foreign files, secrets.
#[test]
fn a_failing_service_reports_its_failure_and_recovers() {
    let Some(output) = rig("service-trouble.sh", [dist()]) else {
        return;
    };
    output.ok().stdout_contains("\nok\n");
}

/// Upgrades under load, and a kt that is killed before each change.
#[test]
fn a_service_is_upgraded_without_a_failed_request() {
    let Some(output) = rig("service-upgrade.sh", [dist()]) else {
        return;
    };
    output
        .ok()
        .stdout_contains("\"failed\": 0")
        .stdout_contains("\nok\n");
}

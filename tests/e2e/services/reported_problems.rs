//! Problems that users of other tools report about their service commands, each with
//! the tests that show that kt does not have it.

use crate::harness::{files_below, workspace};
use std::fs;

/// A problem, and the names of tests or of steps (`== …` in the script of a rig).
const PROBLEMS: [(&str, &[&str]); 15] = [
    (
        "the service stops at logout, or does not start at boot",
        &[
            "a_gateway_is_installed_without_a_session",
            "status_reports_the_effect_of_a_reboot",
            "status_reports_the_effect_of_a_logout",
        ],
    ),
    (
        "WantedBy=multi-user.target in a user's unit",
        &[
            "units_contain_no_setting_that_breaks_a_supported_version",
            "status_reports_the_effect_of_a_reboot",
        ],
    ),
    (
        "\"Failed to connect to bus\" under sudo, su and cron",
        &[
            "a_gateway_is_installed_without_a_session",
            "a_gateway_is_installed_from_every_session",
            "root_is_refused_for_other_users",
        ],
    ),
    (
        "launchd: bootstrap races with bootout",
        &["the_conformance_tests_pass_on_modelled_launchd"],
    ),
    (
        "start after stop fails",
        &["stop and start are idempotent, three times in turn"],
    ),
    (
        "the status is wrong",
        &[
            "inputs_are_joined_into_one_state",
            "a unit without its file is an orphan, and is repaired",
        ],
    ),
    (
        "secrets in units",
        &[
            "no secret is in the unit, the record, the log, the journal or an argument",
            "an environment file that other users can access is refused",
        ],
    ),
    (
        "an update overwrites edits",
        &[
            "edits are adopted: they stay in effect, and later installations succeed",
            "an update keeps drop-ins",
            "an edited unit is not changed",
        ],
    ),
    (
        "a crash loop on a bad configuration",
        &[
            "a permanent failure parks the service with its reason",
            "a gateway that crashes repeatedly is parked, and can be started",
        ],
    ),
    (
        "a transient error stops the service permanently",
        &[
            "a transient failure is retried until it succeeds",
            "a control plane that is down for",
            "an upstream that is down for",
        ],
    ),
    (
        "the path of the executable is specific to one version",
        &[
            "a_link_on_the_path_is_preferred_to_its_target",
            "an executable at an unstable path is refused",
        ],
    ),
    (
        "launchd: child processes do not find programs",
        &["the_conformance_tests_pass_on_modelled_launchd"],
    ),
    (
        "logs grow without limit",
        &["files_are_rotated_by_size_and_the_oldest_is_removed"],
    ),
    (
        "sudo writes to the home of root, or creates files of root",
        &[
            "root_is_refused_for_other_users",
            "sudo_is_refused_and_root_is_not",
        ],
    ),
    (
        "installing again does not repair the service",
        &[
            "installing again: unchanged, not restarted",
            "an update that is killed at any change leaves the old or the new unit, and is repaired",
            "an update that is killed at any change leaves the old or the new service, and is repaired",
        ],
    ),
];

#[test]
fn every_problem_has_a_test() {
    let root = workspace();
    let mut text = String::new();
    for folder in ["tests/rigs", "tests/e2e", "plugins", "host/src"] {
        for file in files_below(&root.join(folder), &["target"]) {
            if !file.ends_with("services/reported_problems.rs") {
                text.push_str(&fs::read_to_string(&file).unwrap_or_default());
            }
        }
    }
    for (problem, tests) in PROBLEMS {
        for test in tests {
            let exists = text.contains(&format!("fn {test}("))
                || text.contains(&format!("step \"{test}"))
                || text.contains(&format!("\"{test}"));
            assert!(exists, "`{problem}`: there is no `{test}`");
        }
    }
}

//! What users of other tools report of service commands, and where it is shown
//! that kt does not do it: each complaint with the steps or tests that would
//! fail.

use crate::harness::{files_below, workspace};
use std::fs;

/// A complaint, and names of steps (`== …` in a rig's script) or of tests.
const COMPLAINTS: [(&str, &[&str]); 15] = [
    (
        "dies at logout, is not up after a reboot",
        &[
            "a_gateway_is_installed_without_a_session",
            "status_says_what_a_reboot_does",
            "status_says_what_a_logout_does",
        ],
    ),
    (
        "WantedBy=multi-user.target in a user's unit",
        &[
            "a_unit_holds_nothing_that_some_supported_version_cannot_run",
            "status_says_what_a_reboot_does",
        ],
    ),
    (
        "\"Failed to connect to bus\" under sudo, su and cron",
        &[
            "a_gateway_is_installed_without_a_session",
            "a_gateway_is_installed_from_every_session",
            "root_is_refused_what_is_not_its_own",
        ],
    ),
    (
        "launchd: bootstrap races with bootout",
        &["the_scenario_passes_on_modelled_launchd"],
    ),
    (
        "start after stop fails",
        &["stop and start, each three times and twice over"],
    ),
    (
        "status is wrong",
        &[
            "layers_are_joined_into_one_verdict",
            "a unit whose file is gone is an orphan, and mended",
        ],
    ),
    (
        "secrets in units",
        &[
            "no secret is in the unit, the record, the log, the journal or an argument",
            "an environment file that others can read is refused",
        ],
    ),
    (
        "an update overwrites edits",
        &[
            "edits are adopted: they stay in force, and installing goes on",
            "an update keeps drop-ins",
            "an edited unit is left alone",
        ],
    ),
    (
        "a crash loop on a bad configuration",
        &[
            "what cannot work is tried once, and says why",
            "a gateway that crashes on and on is parked, and started again by hand",
        ],
    ),
    (
        "a transient error ends in a permanent stop",
        &[
            "what may pass is tried until it does",
            "a control plane that is gone for",
            "an upstream that is gone for",
        ],
    ),
    (
        "the executable's path is that of one version",
        &[
            "a_link_on_the_path_is_better_than_what_it_leads_to",
            "a place that may be gone tomorrow is no place for a service's executable",
        ],
    ),
    (
        "launchd: children do not find their programs",
        &["the_scenario_passes_on_modelled_launchd"],
    ),
    (
        "logs without bound",
        &["files_are_rotated_by_size_and_the_oldest_is_removed"],
    ),
    (
        "sudo writes root's home, or root's files",
        &[
            "root_is_refused_what_is_not_its_own",
            "sudo_is_refused_and_root_itself_is_not",
        ],
    ),
    (
        "installing again, and repairing, lead nowhere",
        &[
            "install again: unchanged, not restarted",
            "an update that is killed anywhere is the old or the new one, and mended",
            "an update killed anywhere is old or new, and mended",
        ],
    ),
];

#[test]
fn every_complaint_has_a_test() {
    let root = workspace();
    let mut text = String::new();
    for folder in ["tests/rigs", "tests/e2e", "plugins", "host/src"] {
        for file in files_below(&root.join(folder), &["target"]) {
            if !file.ends_with("services/complaints.rs") {
                text.push_str(&fs::read_to_string(&file).unwrap_or_default());
            }
        }
    }
    for (complaint, tests) in COMPLAINTS {
        for test in tests {
            let stands = text.contains(&format!("fn {test}("))
                || text.contains(&format!("step \"{test}"))
                || text.contains(&format!("\"{test}"));
            assert!(stands, "`{complaint}`: there is no `{test}`");
        }
    }
}

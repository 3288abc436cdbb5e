//! Files of profiles: precedence, permissions, and selection.

use crate::harness::Sandbox;
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

const CANARY: &str = "kt_at_canary-of-the-profiles-test";

/// Returns the value and the origin of a setting in `kt config show`.
fn setting(sandbox: &Sandbox, key: &str, more: &str) -> (String, String) {
    let output = sandbox
        .kt_line(&format!("config show -o json {more}"))
        .run();
    let rows = output.ok().json();
    let mut rows = rows.as_array().into_iter().flatten();
    let row = rows
        .find(|r| r["key"] == key)
        .expect("the setting is listed");
    let text = |key: &str| row[key].as_str().unwrap_or_default().to_owned();
    (text("value"), text("origin"))
}

#[test]
fn a_profile_file_has_precedence_over_the_table() {
    let sandbox = Sandbox::new();
    sandbox.write_settings(
        "[api]\nurl = \"http://file.test\"\n[profile.work.api]\nurl = \"http://table.test\"\ntoken = \"t\"\n",
    );
    let file = sandbox.write_profile("work", "[api]\nurl = \"http://own.test\"\n");
    let (url, origin) = setting(&sandbox, "api.url", "--profile work");
    assert_eq!(url, "http://own.test");
    assert_eq!(origin, format!("profile work in {}", file.display()));
    // The table is used for settings that the file does not contain.
    let (token, origin) = setting(&sandbox, "api.token", "--profile work");
    assert_eq!(token, "(set)");
    assert!(origin.starts_with("profile work in") && origin.ends_with("config.toml"));
    let (name, origin) = setting(&sandbox, "profile", "--profile work");
    assert_eq!((name.as_str(), origin.as_str()), ("work", "--profile"));
    assert_eq!(setting(&sandbox, "api.url", "").0, "http://file.test");
    let output = sandbox
        .kt_line("gateway list --profile work")
        .env("KEEPTRUSTS_API_URL", "http://127.0.0.1:1")
        .env("KEEPTRUSTS_API_TOKEN", CANARY)
        .run();
    output
        .exits(7)
        .stderr_contains("127.0.0.1:1")
        .stderr_excludes("own.test");
}

#[test]
fn the_profile_default_is_used_if_none_is_selected() {
    let sandbox = Sandbox::new();
    // It may be missing, even if it is selected.
    for line in ["version", "gateway list", "gateway list --profile default"] {
        sandbox.kt_line(line).run().ok();
    }
    sandbox.write_profile("default", "[api]\nurl = \"http://default.test\"\n");
    assert_eq!(setting(&sandbox, "api.url", "").0, "http://default.test");
    assert_eq!(setting(&sandbox, "profile", "").1, "by default");
    sandbox.write_profile("other", "[api]\nurl = \"http://other.test\"\n");
    assert_eq!(
        setting(&sandbox, "api.url", "--profile other").0,
        "http://other.test"
    );
    let bare = sandbox
        .kt_line("config show")
        .env("KT_NO_PROFILE", "1")
        .run();
    bare.ok().stdout_excludes("default.test");
    sandbox.write_settings("default_profile = \"other\"\n");
    assert_eq!(setting(&sandbox, "api.url", "").0, "http://other.test");
    let bare = sandbox
        .kt_line("config show")
        .env("KT_NO_PROFILE", "1")
        .run();
    bare.ok().stdout_excludes("other.test");
}

#[test]
fn an_unknown_profile_is_reported_with_suggestions() {
    let sandbox = Sandbox::new();
    sandbox.write_settings("[profile.work.api]\nurl = \"http://x.test\"\n");
    sandbox.write_profile("staging", "");
    sandbox.kt_line("gateway list --profile staging").run().ok();
    let output = sandbox.kt_line("gateway list --profile stagin").run();
    output
        .exits(3)
        .stdout_is_empty()
        .stderr_contains("did you mean `staging`?")
        .stderr_contains("staging, work")
        .stderr_contains("--profile");
    let outside = sandbox.kt_line("gateway list --profile ../config").run();
    outside
        .exits(3)
        .stdout_is_empty()
        .stderr_contains("not a valid profile name");
}

#[test]
fn a_misspelled_key_in_a_profile_file_is_reported() {
    let sandbox = Sandbox::new();
    let file = sandbox.write_profile("work", "[api]\nulr = \"http://x.test\"\n");
    let output = sandbox.kt_line("config show --profile work").run();
    output
        .ok()
        .stderr_contains("`api.ulr`")
        .stderr_contains("did you mean `api.url`?")
        .stderr_contains(&file.display().to_string());
}

#[test]
fn a_profile_file_that_others_can_read_is_refused_with_a_fix() {
    let sandbox = Sandbox::new();
    let text = format!("[api]\ntoken = \"{CANARY}\"\n");
    let file = sandbox.write_profile("work", &text);
    for mode in [0o640, 0o604, 0o622] {
        fs::set_permissions(&file, Permissions::from_mode(mode)).expect("the test owns it");
        for line in [
            "gateway list --profile work",
            "config show --profile work",
            "gateway list --profile work -vvv -o json",
        ] {
            let output = sandbox.kt_line(line).run();
            output.exits(3).stdout_is_empty().stderr_excludes(CANARY);
            output.stderr_contains(&format!("chmod 600 '{}'", file.display()));
        }
        let doctor = sandbox.kt_line("doctor --profile work").run();
        doctor
            .exits(1)
            .stderr_contains("chmod 600")
            .stdout_excludes(CANARY);
    }
    fs::set_permissions(&file, Permissions::from_mode(0o600)).expect("the test owns it");
    sandbox.kt_line("config show --profile work").run().ok();
    fs::write(&file, format!("[api]\ntoken = \"{CANARY}\n")).expect("the test owns it");
    let broken = sandbox.kt_line("config show --profile work").run();
    broken
        .exits(3)
        .stdout_is_empty()
        .stderr_excludes(CANARY)
        .stderr_contains(":2:");
}

#[test]
fn a_profile_file_of_another_user_is_refused() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let sandbox = Sandbox::unprivileged();
    let file = sandbox.write_profile("work", "[api]\nurl = \"http://x.test\"\n");
    sandbox.kt_line("config show --profile work").run().ok();
    std::os::unix::fs::chown(&file, Some(4711), None).expect("root can change it");
    fs::set_permissions(&file, Permissions::from_mode(0o644)).expect("root can change it");
    let output = sandbox.kt_line("gateway list --profile work").run();
    output
        .exits(3)
        .stdout_is_empty()
        .stderr_contains("chown")
        .stderr_contains("4711");
}

//! Runs of kt under a service manager.

use crate::harness::Sandbox;
use serde_json::json;
use std::time::{SystemTime, UNIX_EPOCH};

#[test]
fn a_crash_loop_is_reported_in_the_log() {
    let sandbox = Sandbox::new();
    let dir = sandbox.path("supervised");
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("the clock is after 1970")
        .as_secs();
    let run = || {
        sandbox.write(
            "supervised/starts.json",
            json!({ "starts": vec![now; 10] }).to_string(),
        );
        sandbox.kt_line("gateway run --id x --supervised").arg(&dir)
    };
    let kept = run().env("JOURNAL_STREAM", "1:2").run();
    kept.exits(78)
        .stdout_is_empty()
        .stderr_contains("crashed 10 times")
        .stderr_contains("kt gateway start");
    let error = run()
        .arg("-o")
        .arg("json")
        .env("JOURNAL_STREAM", "1:2")
        .run();
    assert_eq!(error.exits(78).error()["id"], "crash-loop");
    let unread = run().run();
    assert_eq!(unread.exits(78).stderr, "", "the log has it");
    let log = std::fs::read_to_string(dir.join("log.jsonl")).expect("the log exists");
    assert_eq!(log.matches("crashed 10 times").count(), 3, "{log}");
}

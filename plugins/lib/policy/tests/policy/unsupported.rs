//! Kinds and settings that this version does not enforce.

use crate::sample::{bad, base_with, good};

#[test]
fn kinds_that_are_not_enforced_are_rejected() {
    for kind in [
        "agent-firewall",
        "human-oversight",
        "rbac",
        "quality-scorer",
    ] {
        let problems = bad(&base_with(
            "[prompt-injection,",
            &format!("[{kind}, prompt-injection,"),
        ));
        let first = problems.first().unwrap();
        assert_eq!(first.code, "E015");
        assert!(
            first.message.contains("not supported by this version"),
            "{first}"
        );
    }
}

#[test]
fn settings_that_state_what_is_done_anyway_are_accepted() {
    good(&base_with(
        "retention_days: 90",
        "retention_days: 90, immutable: true, hipaa_audit_controls: false",
    ));
}

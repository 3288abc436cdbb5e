//! A version that was valid when it was published, and is not valid for this kt.

use crate::gateway::example;
use crate::harness::{Sandbox, execute_sql, tool};

/// Adds an unknown key to the first version, as if another kt had stored it.
const OLD: &str = "
    DROP TRIGGER config_versions_immutable;
    INSERT INTO blobs SELECT randomblob(32), replace(content, 'policies:', 'policies:
  bygone: 1') FROM blobs JOIN config_versions ON blob = blobs.sha256 WHERE version = 1;
    UPDATE config_versions SET sha256 = randomblob(32), blob = (
        SELECT sha256 FROM blobs WHERE content LIKE '%bygone%') WHERE version = 1;";

#[test]
fn a_revert_to_it_is_rejected_with_the_position_and_changes_nothing() {
    let Some(python) = tool("python3") else {
        return;
    };
    let sandbox = Sandbox::new();
    sandbox.write("one.yaml", example());
    sandbox.write("two.yaml", example().replace("1.4.0", "2.0.0"));
    let kt = |line: &str| sandbox.kt_line(line).run();
    kt("gateway create --name production --file one.yaml").ok();
    kt("gateway reload --file two.yaml --no-wait").ok();
    execute_sql(&sandbox, &python, OLD);
    for line in [
        "gateway revert --version 1 --dry-run",
        "gateway revert --version 1",
    ] {
        let refused = kt(line);
        refused
            .exits(2)
            .stdout_is_empty()
            .stderr_contains("bygone")
            .stderr_contains("version 1:");
    }
    let versions = kt("gateway versions -o json").ok().json();
    assert_eq!(versions.as_array().map(Vec::len), Some(2), "{versions}");
    // The content can still be read.
    kt("gateway config --version 1")
        .ok()
        .stdout_contains("bygone");
}

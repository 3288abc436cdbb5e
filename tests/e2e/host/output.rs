//! Where output goes and how it looks.

use crate::harness::Sandbox;

#[test]
fn data_goes_to_stdout_and_nothing_else() {
    let sandbox = Sandbox::new();
    let list = sandbox.kt_line("plugin list -o json").run();
    assert!(list.ok().json().is_array(), "{list}");
    assert_eq!(list.stderr, "");
}

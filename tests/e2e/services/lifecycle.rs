//! A service under a user manager and nothing else.

use super::rig::rig;
use crate::harness::dist;

/// Create, install, kill, reload, edit, take back, uninstall: the steps and
/// what each must do are in the script.
#[test]
fn a_service_lives_under_a_real_user_manager() {
    let Some(ran) = rig("service-lifecycle.sh", [dist()]) else {
        return;
    };
    ran.ok()
        .out_has("== a killed gateway comes back")
        .out_has("\nok\n");
}

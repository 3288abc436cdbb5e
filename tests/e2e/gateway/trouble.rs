//! A full disk, a file that another program holds, and a network that is cut.

use crate::harness::workspace;
use crate::services::rig;

#[test]
fn trouble_around_the_store_loses_nothing() {
    if let Some(ran) = rig("store-trouble.sh", [workspace().join("target/dist")]) {
        ran.ok();
    }
}

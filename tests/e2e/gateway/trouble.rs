//! A full disk, a file that another program holds, and a network that is cut.

use crate::harness::workspace;
use crate::services::rig;
use serde_json::Value;

#[test]
fn trouble_around_the_store_loses_nothing() {
    if let Some(ran) = rig("store-trouble.sh", [workspace().join("target/dist")]) {
        ran.ok();
    }
}

#[test]
fn a_network_that_loses_one_direction_or_both_loses_nothing() {
    if let Some(ran) = rig("two-machines.sh", [workspace().join("target/dist")]) {
        ran.ok();
    }
}

#[test]
fn a_power_cut_loses_nothing_that_was_acknowledged() {
    let Some(ran) = rig("power-loss.sh", [workspace().join("target/dist")]) else {
        return;
    };
    let lines = ran.ok().stdout.lines();
    let told: Vec<Value> = lines
        .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}{ran}")))
        .collect();
    let of = |way: &str, what: &str| {
        let line = told.iter().find(|line| line["way"] == way);
        line.and_then(|line| line[what].as_u64())
            .unwrap_or_else(|| panic!("no {what} of {way}{ran}"))
    };
    assert!(of("all", "acknowledged") > 300, "{ran}");
    for way in ["none", "some"] {
        assert_eq!((of(way, "lost"), of(way, "damaged")), (0, 0), "{ran}");
    }
    // Without any sync nearly every cut loses something: the search finds losses.
    assert!(of("unsynced", "lost") > of("unsynced", "cuts") / 2, "{ran}");
}

//! Faults of disk, locks, network and power.

use crate::harness::workspace;
use crate::services::rig;
use serde_json::Value;

#[test]
fn store_faults_lose_no_data() {
    if let Some(output) = rig("store-trouble.sh", [workspace().join("target/dist")]) {
        output.ok();
    }
}

#[test]
fn network_partitions_lose_no_data() {
    if let Some(output) = rig("two-machines.sh", [workspace().join("target/dist")]) {
        output.ok();
    }
}

#[test]
fn a_power_failure_loses_no_acknowledged_write() {
    let Some(output) = rig("power-loss.sh", [workspace().join("target/dist")]) else {
        return;
    };
    let lines = output.ok().stdout.lines();
    let reports: Vec<Value> = lines
        .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}{output}")))
        .collect();
    let of = |way: &str, what: &str| {
        let line = reports.iter().find(|line| line["way"] == way);
        line.and_then(|line| line[what].as_u64())
            .unwrap_or_else(|| panic!("no {what} of {way}{output}"))
    };
    assert!(of("all", "acknowledged") > 300, "{output}");
    for way in ["none", "some"] {
        assert_eq!((of(way, "lost"), of(way, "damaged")), (0, 0), "{output}");
    }
    // Without any sync nearly every power failure loses data, which shows that the test
    // detects losses.
    assert!(
        of("unsynced", "lost") > of("unsynced", "cuts") / 2,
        "{output}"
    );
}

//! The audit log of a gateway under load and SIGKILL.

use super::provider::Provider;
use super::world::{Gateway, World, started};
use crate::harness::{TIMEOUT, http, wait_until};
use rustix::process::Signal;
use serde_json::Value;

const CLIENTS: usize = 8;

#[test]
fn the_audit_log_is_written_in_batches_and_survives_kills() {
    let provider = Provider::start();
    let (world, mut gateway) = started(&provider);
    let inspect = world.kt("gateway inspect --id production -o json").run();
    let id = inspect.ok().text_at("/id");
    let mut recorded = 0;
    for _ in 0..3 {
        let written = kill_under_load(gateway);
        let count = verify(&world, &id);
        assert!(
            count >= recorded + written,
            "{count} records, but {recorded} and {written} were written"
        );
        recorded = count;
        gateway = world.run("");
    }
    assert_eq!(gateway.chat("m", "hello").status, 200);
    gateway.stop().ok();
    // Its request and its response; a stop writes both.
    assert_eq!(verify(&world, &id), recorded + 2);
}

/// Kills the gateway while clients send requests. Returns the number of records that it
/// had written before.
fn kill_under_load(gateway: Gateway) -> u64 {
    let port = gateway.port;
    let body = r#"{"model": "m", "messages": [{"role": "user", "content": "hello"}]}"#;
    std::thread::scope(|scope| {
        for _ in 0..CLIENTS {
            let headers = [("content-type", "application/json")];
            // Until the gateway is killed.
            scope.spawn(move || {
                while http(port, "POST", "/v1/chat/completions", &headers, body).is_ok() {}
            });
        }
        let written = wait_until("records", TIMEOUT, || {
            let metrics = http(gateway.admin_port, "GET", "/metrics", &[], "").ok()?;
            let records = counter(&metrics.body, "audit_records");
            let syncs = counter(&metrics.body, "audit_syncs");
            assert!(syncs <= records, "{syncs} syncs of {records} records");
            assert_eq!(counter(&metrics.body, "audit_records_lost"), 0);
            (records >= 100).then_some(records)
        });
        gateway.process.signal(Signal::KILL);
        let ended = gateway.process.wait(TIMEOUT);
        assert_eq!(ended.code(), None, "{ended}");
        written
    })
}

fn counter(metrics: &str, name: &str) -> u64 {
    let prefix = format!("keeptrusts_gateway_{name}_total ");
    let line = metrics.lines().find_map(|line| line.strip_prefix(&prefix));
    line.expect("the metric")
        .parse()
        .expect("a number of records")
}

/// Returns the number of complete records, after verifying that they are one chain.
fn verify(world: &World, id: &str) -> u64 {
    let log = std::fs::read_to_string(world.gateway_file(id, "audit.jsonl")).expect("it exists");
    let complete = log.rfind('\n').map_or("", |end| &log[..end]);
    let (mut seq, mut previous) = (0, Value::from(""));
    for line in complete.lines() {
        let record: Value = serde_json::from_str(line).expect("a record");
        seq += 1;
        assert_eq!(
            (&record["seq"], &record["previous"]),
            (&Value::from(seq), &previous)
        );
        previous = record["hash"].clone();
    }
    seq
}

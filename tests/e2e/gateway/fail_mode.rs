//! What happens to a text whose evaluation costs too much.

use super::provider::Provider;
use super::world::{Gateway, Mode, World, with_upstream};
use crate::harness::{TIMEOUT, wait_until};
use serde_json::{Value, json};

/// A search begins at every `a`, and goes on to the end of its reach.
const COSTLY: &str = "a[^z]{0,400}z";

fn started(provider: &Provider, more: &str) -> (World, Gateway, String) {
    let world = World::new(Mode::Embedded);
    let policies = with_upstream(&provider.url(), "")
        .replace("pii-detector,", "pii-detector, dlp-filter,")
        + &format!("  dlp-filter: {{detect_patterns: ['{COSTLY}']}}\n");
    world.sandbox.write("costly.yaml", policies);
    let id = world.create("costly.yaml");
    let gateway = world.run(more);
    (world, gateway, id)
}

/// Returns the newest record of a phase.
fn record(world: &World, id: &str, phase: &str) -> Value {
    wait_until("the record", TIMEOUT, || {
        let log = std::fs::read_to_string(world.gateway_file(id, "audit.jsonl")).ok()?;
        let records = log.lines().filter_map(|l| serde_json::from_str(l).ok());
        let mut records = records.filter(|r: &Value| r["phase"] == phase);
        records.next_back()
    })
}

fn budget_of(record: &Value) -> Option<&Value> {
    let findings = record["findings"].as_array().expect("a list");
    findings.iter().find(|f| f["kind"] == "budget")
}

#[test]
fn a_text_that_costs_too_much_is_blocked_by_default() {
    let provider = Provider::start();
    let (world, gateway, id) = started(&provider, "");
    let reply = gateway.chat("m", &"a".repeat(16_384));
    assert_eq!(reply.status, 400, "{}", reply.body);
    assert!(provider.received().is_empty());
    let record = record(&world, &id, "input");
    assert_eq!(record["verdict"], "block");
    assert_eq!(record["policy"], "dlp-filter");
    assert_eq!(
        budget_of(&record).expect("a finding")["policy"],
        "dlp-filter"
    );
    assert_eq!(gateway.chat("m", "a short text").status, 200);
}

#[test]
fn with_the_fail_mode_allow_only_its_patterns_are_skipped() {
    let provider = Provider::start();
    let (world, gateway, id) = started(&provider, "--fail-mode allow");
    let costly = "a".repeat(16_384);
    let reply = gateway.chat("m", &format!("{costly} mail bob@example.com"));
    assert_eq!(reply.status, 200, "{}", reply.body);
    let (_, received) = provider.received().pop().expect("a request was sent");
    assert_eq!(
        received["messages"][0]["content"],
        format!("{costly} mail [EMAIL_1]")
    );
    assert!(budget_of(&record(&world, &id, "input")).is_some());
    let chunk = json!({ "choices": [{ "index": 0, "delta": { "content": costly },
        "finish_reason": "stop" }] });
    provider.script_stream("s", &format!("data: {chunk}\n\ndata: [DONE]\n\n"));
    let stream = gateway.post(&json!({ "model": "s", "stream": true,
        "messages": [{ "role": "user", "content": "hi" }] }));
    assert!(stream.body.contains(&costly), "{}", stream.body);
    let record = wait_until("the record of the stream", TIMEOUT, || {
        let record = record(&world, &id, "output");
        budget_of(&record).is_some().then_some(record)
    });
    assert_eq!(record["verdict"], "allow", "nothing was changed");
}

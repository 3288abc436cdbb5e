//! Routing by model, and several upstreams: order, fallback, circuits, limits and timeouts.

use super::provider::Provider;
use super::world::{Gateway, Mode, World, body, reply_text};
use crate::harness::{TIMEOUT, http, wait_until};
use serde_json::json;

/// Returns a configuration with these targets and further keys under `providers`.
fn config(targets: &str, providers: &str, more: &str) -> String {
    format!(
        "pack: {{name: tests, version: 1.0.0, enabled: true}}\n\
         providers:\n  targets:\n{targets}{providers}\
         policies:\n  chain: [audit-logger]\npolicy:\n  audit-logger: {{retention_days: 30}}\n{more}"
    )
}

fn target(id: &str, url: &str, model: &str, more: &str) -> String {
    format!(
        "    - {{id: {id}, provider: own, base_url: '{url}', model: {model}, aliases: ['*']{more}}}\n"
    )
}

fn started(content: &str, options: &str) -> (World, Gateway) {
    let world = World::new(Mode::Embedded);
    world.sandbox.write("c.yaml", content);
    world.create("c.yaml");
    let gateway = world.run(options);
    (world, gateway)
}

fn request_count(provider: &Provider, model: &str) -> usize {
    provider
        .received()
        .iter()
        .filter(|(_, body)| body["model"] == json!(model))
        .count()
}

#[test]
fn the_next_upstream_responds_and_a_failing_one_is_not_used() {
    let p = Provider::start();
    let targets = target("bad", &p.url(), "fails", "") + &target("good", &p.url(), "m", "");
    let breaker = "  circuit_breaker: {failure_threshold: 3, cooldown_seconds: 300}\n";
    let (_world, gateway) = started(&config(&targets, breaker, ""), "");
    for _ in 0..8 {
        assert_eq!(reply_text(&gateway.chat("x", "hi")), "from the provider");
    }
    assert_eq!(
        request_count(&p, "fails"),
        3,
        "its circuit opened after three failures"
    );
    assert_eq!(request_count(&p, "m"), 8);
}

#[test]
fn fallback_obeys_its_settings() {
    let p = Provider::start();
    let targets = target("bad", &p.url(), "fails", "") + &target("good", &p.url(), "m", "");
    for providers in [
        "  fallback: {max_fallback_attempts: 0}\n",
        "  fallback: {triggers: [rate_limit]}\n",
    ] {
        let (_world, gateway) = started(&config(&targets, providers, ""), "");
        let reply = gateway.chat("x", "hi");
        assert_eq!(
            (reply.status, &body(&reply)["error"]["type"]),
            (502, &json!("upstream_error"))
        );
    }
    assert_eq!(request_count(&p, "m"), 0);
}

#[test]
fn strategies_distribute_the_load() {
    let p = Provider::start();
    let targets =
        target("a", &p.url(), "a", ", weight: 3") + &target("b", &p.url(), "b", ", weight: 1");
    for (strategy, share) in [
        ("round_robin", (8, 8)),
        ("weighted", (12, 4)),
        ("ordered", (16, 0)),
    ] {
        let before = (request_count(&p, "a"), request_count(&p, "b"));
        let routing = format!("  routing: {{strategy: {strategy}}}\n");
        let (_world, gateway) = started(&config(&targets, &routing, ""), "");
        for _ in 0..16 {
            assert_eq!(gateway.chat("x", "hi").status, 200);
        }
        let got = (
            request_count(&p, "a") - before.0,
            request_count(&p, "b") - before.1,
        );
        assert_eq!(got, share, "{strategy}");
    }
}

#[test]
fn an_unresponsive_upstream_is_an_error() {
    let p = Provider::start();
    let silent = target(
        "silent",
        &p.url(),
        "silent",
        ", timeouts: {first_byte: 200ms}",
    );
    let (_world, gateway) = started(&config(&silent, "", ""), "");
    let reply = gateway.chat("x", "hi");
    assert_eq!(
        (reply.status, &body(&reply)["error"]["code"]),
        (504, &json!("upstream_error"))
    );
    let gone = target("gone", "http://127.0.0.1:9", "m", "");
    let (_world, gateway) = started(&config(&gone, "", ""), "");
    assert_eq!(gateway.chat("x", "hi").status, 502);
    let none = "pack: {name: t, version: 1.0.0, enabled: true}\npolicies: {chain: [audit-logger]}\npolicy: {audit-logger: {retention_days: 30}}\n";
    let (_world, gateway) = started(none, "");
    assert_eq!(gateway.chat("x", "hi").status, 503);
}

#[test]
fn sizes_and_concurrency_are_limited() {
    let p = Provider::start();
    let content = config(
        &target("a", &p.url(), "gated", ""),
        "",
        "size_limits: {max_body_bytes: 1000}\n",
    );
    let (_world, gateway) = started(&content, "--max-concurrency 1");
    assert_eq!(gateway.chat("x", &"long ".repeat(300)).status, 413);
    let port = gateway.port;
    let stream = std::thread::spawn(move || {
        let request = json!({ "model": "x", "stream": true, "messages": [{ "role": "user", "content": "hi" }] });
        http(
            port,
            "POST",
            "/v1/chat/completions",
            &[("content-type", "application/json")],
            &request.to_string(),
        )
        .expect("it ends")
    });
    wait_until("the stream", TIMEOUT, || {
        (request_count(&p, "gated") == 1).then_some(())
    });
    let full = gateway.chat("x", "hi");
    assert_eq!(full.status, 503);
    assert!(
        full.head.to_ascii_lowercase().contains("retry-after: 1"),
        "{}",
        full.head
    );
    p.open_gate();
    assert!(
        stream
            .join()
            .expect("it does not panic")
            .body
            .contains("[DONE]")
    );
    // The slot is free once the body has ended.
    wait_until("a free slot", TIMEOUT, || {
        (gateway.chat("x", "hi").status == 200).then_some(())
    });
}

#[test]
fn the_upstream_can_be_overridden_for_debugging() {
    let p = Provider::start();
    let world = World::new(Mode::Embedded);
    world.create("policy-config.yaml");
    let line = format!(
        "gateway run --id production --listen 127.0.0.1:0 -o json --upstream {}",
        p.url()
    );
    let run = world.kt(&line).env("KEEPTRUSTS_UPSTREAM_API_KEY", "k-9");
    let gateway = Gateway::of(run.spawn());
    assert_eq!(reply_text(&gateway.chat("m", "hi")), "from the provider");
    assert!(
        p.received()[0]
            .0
            .to_ascii_lowercase()
            .contains("authorization: bearer k-9")
    );
    drop(gateway);
    let by_alias = world
        .kt("run --managed --gateway-id production --poll-interval 5 --listen 127.0.0.1:0 -o json")
        .spawn();
    assert_eq!(Gateway::of(by_alias).chat("m", "hello").status, 200);
    world.kt("gateway create other").run().ok();
    world
        .kt("gateway run")
        .run()
        .exits(2)
        .stderr_contains("they are `other`, `production`");
    world
        .kt("gateway run --id production --listen nonsense")
        .run()
        .exits(2);
    world
        .kt("gateway run --id production --poll-interval 0")
        .run()
        .exits(2);
    world
        .kt("gateway run --id production --workers 0")
        .run()
        .exits(2);
}

#[test]
fn requests_that_no_policy_inspects_are_recorded() {
    let p = Provider::start();
    let upstream = target("a", &p.url(), "m", "");
    let (world, gateway) = started(&config(&upstream, "", ""), "");
    assert_eq!(gateway.chat("x", "mail me at ann@example.com").status, 200);
    let metrics = http(gateway.admin_port, "GET", "/metrics", &[], "")
        .expect("it responds")
        .body;
    let passed = r#"policy_evaluations_total{policy="audit-logger",result="pass"} 1"#;
    assert!(metrics.contains(passed), "{metrics}");
    gateway.stop().ok();
    let gateway = world.kt("gateway inspect --id production -o json").run();
    let id = gateway.ok().text_at("/id");
    let records =
        std::fs::read_to_string(world.gateway_file(&id, "audit.jsonl")).expect("the audit file");
    assert_eq!(records.lines().count(), 1, "{records}");
    assert!(records.contains(r#""phase":"input""#), "{records}");
}

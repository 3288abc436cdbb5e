//! Policies that judge the caller of a request, and its route.

use super::provider::Provider;
use super::world::{Gateway, Mode, World, body, reply_text};
use crate::harness::http;
use serde_json::{Value, json};

fn started(content: &str) -> (World, Gateway) {
    let world = World::new(Mode::Embedded);
    world.sandbox.write("c.yaml", content);
    world.create("c.yaml");
    let gateway = world.run("");
    (world, gateway)
}

fn listed(cidrs: &str) -> String {
    format!(
        "pack: {{name: tests, version: 1.0.0, enabled: true}}\n\
         providers: {{targets: [{{id: echo, provider: echo}}]}}\n\
         policies: {{chain: [ip_allowlist, audit-logger]}}\n\
         policy: {{ip_allowlist: {cidrs}, audit-logger: {{}}}}\n"
    )
}

#[test]
fn callers_that_are_not_listed_are_refused() {
    let (world, gateway) = started(&listed("{cidrs: [192.0.2.0/24], trust_proxy_depth: 1}"));
    let chat = json!({ "model": "echo", "messages": [{ "role": "user", "content": "hi" }] });
    let chat = chat.to_string();
    let get = |path: &str, headers: &[(&str, &str)]| {
        http(gateway.port, "GET", path, headers, "")
            .expect("it responds")
            .status
    };
    let post = |headers: &[(&str, &str)]| {
        let path = "/v1/chat/completions";
        http(gateway.port, "POST", path, headers, &chat).expect("it responds")
    };
    let json = ("content-type", "application/json");
    let refused = post(&[json]);
    assert_eq!(refused.status, 403);
    let error = &body(&refused)["error"];
    assert_eq!(error["policy"], "ip_allowlist");
    assert_eq!(error["reason"], "ip_allowlist.denied");
    assert_eq!(get("/v1/models", &[]), 403);
    assert_eq!(get("/v1/models/echo", &[]), 403);
    assert_eq!(get("/livez", &[]), 200);
    let forged = ("x-forwarded-for", "192.0.2.1, 198.51.100.1");
    let behind = ("x-forwarded-for", "198.51.100.1, 192.0.2.1");
    assert_eq!(post(&[json, forged]).status, 403);
    assert_eq!(post(&[json, behind]).status, 200);
    assert_eq!(get("/v1/models", &[behind]), 200);
    let inspect = world.kt("gateway inspect --id production -o json").run();
    let id = inspect.ok().text_at("/id");
    // A stop writes what is not on disk yet.
    gateway.stop().ok();
    let log = std::fs::read_to_string(world.gateway_file(&id, "audit.jsonl")).expect("it exists");
    let verdict = |line: &str| -> Value {
        let record: Value = serde_json::from_str(line).expect("a record");
        record["verdict"].clone()
    };
    let verdicts: Vec<Value> = log.lines().map(verdict).collect();
    assert_eq!(verdicts, ["block", "block", "allow"]);
}

#[test]
fn requests_are_sent_only_to_upstreams_that_comply() {
    let p = Provider::start();
    let target = |id: &str, model: &str, more: &str| {
        format!(
            "    - {{id: {id}, provider: own, base_url: '{}', model: {model}, aliases: [shared]{more}}}\n",
            p.url()
        )
    };
    let config = |action: &str| {
        format!(
            "pack: {{name: tests, version: 1.0.0, enabled: true}}\n\
             providers:\n  targets:\n{}{}{}\
             policies: {{chain: [data-routing-policy]}}\n\
             policy: {{data-routing-policy: {{require_no_training: true{action}}}}}\n",
            target("trains", "a", ""),
            // Of those that comply, the first one fails.
            target("failing", "fails", ", data_collection: deny"),
            target("other", "b", ", data_policy: {training_opt_out: true}"),
        )
    };
    let (_world, gateway) = started(&config(""));
    assert_eq!(
        reply_text(&gateway.chat("shared", "hi")),
        "from the provider"
    );
    let models = |p: &Provider| -> Vec<String> {
        let received = p.received();
        let model = |(_, body): &(_, Value)| body["model"].as_str().map(str::to_owned);
        received.iter().filter_map(model).collect()
    };
    assert_eq!(models(&p), ["fails", "b"]);
    let refused = gateway.chat("a", "hi");
    assert_eq!(refused.status, 400);
    let reason = &body(&refused)["error"]["reason"];
    assert_eq!(reason, "data_routing_policy.no_compliant_provider");
    let listed = http(gateway.port, "GET", "/v1/models", &[], "").expect("it responds");
    assert!(!listed.body.contains("\"a\""), "{}", listed.body);
    assert_eq!(models(&p).len(), 2, "nothing was sent");
    let (_world, gateway) = started(&config(", on_no_compliant_provider: warn"));
    assert_eq!(reply_text(&gateway.chat("a", "hi")), "from the provider");
}

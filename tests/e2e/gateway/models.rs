//! Routing by model, and the list of models.

use super::provider::Provider;
use super::world::{Gateway, Mode, World, body};
use crate::harness::{HttpResponse, http};
use serde_json::{Value, json};

const POLICY: &str =
    "policies: {chain: [audit-logger]}\npolicy: {audit-logger: {retention_days: 30}}\n";

fn started(targets: &str, routing: &str) -> (World, Gateway) {
    let world = World::new(Mode::Embedded);
    let config = format!(
        "pack: {{name: tests, version: 1.0.0, enabled: true}}\nproviders:\n  targets:\n{targets}  {routing}\n{POLICY}"
    );
    world.sandbox.write("c.yaml", config);
    world.create("c.yaml");
    let gateway = world.run("");
    (world, gateway)
}

fn get(gateway: &Gateway, path: &str) -> HttpResponse {
    http(gateway.port, "GET", path, &[], "").expect("the gateway responds")
}

fn last_model(provider: &Provider) -> Value {
    let (_, request) = provider.received().pop().expect("a request was sent");
    request["model"].clone()
}

#[test]
fn requests_are_routed_by_model() {
    let p = Provider::start();
    let targets = format!(
        "    - {{id: a, provider: own, base_url: '{0}', model: a1, aliases: [fast, 'a-*']}}\n    \
             - {{id: b, provider: own, base_url: '{0}', model: b1, aliases: [fast]}}\n",
        p.url()
    );
    let (world, gateway) = started(&targets, "");
    for (requested, served) in [
        ("a1", "a1"),
        ("fast", "a1"),
        ("b1", "b1"),
        ("b/b1", "b1"),
        ("b/fast", "b1"),
        ("a-anything", "a1"),
    ] {
        assert_eq!(gateway.chat(requested, "hi").status, 200, "{requested}");
        assert_eq!(last_model(&p), served, "{requested}");
    }
    let count = p.received().len();
    for unknown in ["c1", "b/c1", "c/a1", "FAST"] {
        let reply = gateway.chat(unknown, "hi");
        let error = &body(&reply)["error"];
        assert_eq!(
            (
                reply.status,
                &error["code"],
                &error["type"],
                &error["param"]
            ),
            (
                404,
                &json!("model_not_found"),
                &json!("invalid_request_error"),
                &json!("model")
            ),
            "{unknown}"
        );
    }
    let request = json!({ "messages": [{ "role": "user", "content": "hi" }] });
    assert_eq!(gateway.post(&request).status, 422, "a model is required");
    assert_eq!(p.received().len(), count);
    models_are_listed(&gateway);
    requests_are_recorded(&world, gateway);
}

fn models_are_listed(gateway: &Gateway) {
    let list = body(&get(gateway, "/v1/models"));
    let ids: Vec<&Value> = list["data"]
        .as_array()
        .expect("a list")
        .iter()
        .map(|model| &model["id"])
        .collect();
    assert_eq!(ids, ["a1", "fast", "b1"]);
    for id in ["a1", "b1", "a-x", "b%2Fb1", "b/b1"] {
        let model = get(gateway, &format!("/v1/models/{id}"));
        assert_eq!(model.status, 200, "{id}");
        assert_eq!(body(&model)["id"], id.replace("%2F", "/"));
    }
    let unknown = get(gateway, "/v1/models/unknown");
    assert_eq!(
        (unknown.status, &body(&unknown)["error"]["code"]),
        (404, &json!("model_not_found"))
    );
}

fn requests_are_recorded(world: &World, gateway: Gateway) {
    let metrics = http(gateway.admin_port, "GET", "/metrics", &[], "");
    let metrics = metrics.expect("the gateway responds").body;
    let labels = r#"provider="own",model="a1",requested_model="fast",target="a",status="200""#;
    assert!(metrics.contains(labels), "{metrics}");
    assert!(metrics.contains(r#"upstream_attempts_total{provider="own"} 6"#));
    assert!(!metrics.contains("anything") && !metrics.contains("c1"));
    gateway.stop().ok();
    let inspect = world.kt("gateway inspect --id production -o json").run();
    let id = inspect.ok().text_at("/id");
    let log = std::fs::read_to_string(world.gateway_file(&id, "audit.jsonl")).expect("it exists");
    let records: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).expect("a record"))
        .collect();
    let last = records.last().expect("there are records");
    assert_eq!(records.len(), 6);
    for (key, value) in [
        ("requested_model", json!("a-anything")),
        ("served_model", json!("a1")),
        ("target", json!("a")),
        ("attempts", json!(1)),
    ] {
        assert_eq!(last[key], value, "{key}");
    }
}

#[test]
fn a_default_model_serves_unknown_models() {
    let p = Provider::start();
    let targets = format!(
        "    - {{id: a, provider: own, base_url: '{}', model: a1}}\n",
        p.url()
    );
    let (_world, gateway) = started(&targets, "routing: {default_model: a1}");
    for model in ["anything", "a1"] {
        assert_eq!(gateway.chat(model, "hi").status, 200);
        assert_eq!(last_model(&p), "a1");
    }
    let request = json!({ "messages": [{ "role": "user", "content": "hi" }] });
    assert_eq!(gateway.post(&request).status, 200);
    assert_eq!(last_model(&p), "a1");
}

/// Bytes that no policy changes are sent as they came.
#[test]
fn only_the_model_of_a_request_is_rewritten() {
    let p = Provider::start();
    let targets = format!(
        "    - {{id: a, provider: own, base_url: '{}', model: a1, aliases: [fast]}}\n",
        p.url()
    );
    let (_world, gateway) = started(&targets, "");
    let request = r#"{ "z": 123456789012345678901234567890, "model" : "fast", "messages":[{"role":"user", "content":"h\u0069"}], "x":1.50}"#;
    let headers = [("content-type", "application/json")];
    let reply = http(
        gateway.port,
        "POST",
        "/v1/chat/completions",
        &headers,
        request,
    );
    assert_eq!(reply.expect("the gateway responds").status, 200);
    let (_, sent) = p.requests().pop().expect("a request was sent");
    assert_eq!(
        String::from_utf8_lossy(&sent),
        request.replace("\"fast\"", "\"a1\"")
    );
}

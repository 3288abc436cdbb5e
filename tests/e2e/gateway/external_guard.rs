//! Guards over HTTP, through a running gateway.

use super::analyzer::Analyzer;
use super::provider::Provider;
use super::world::{Gateway, Mode, World, body};
use crate::harness::{TIMEOUT, free_port, http, wait_until};
use serde_json::{Value, json};

fn config(provider: &Provider, url: &str, settings: &str) -> String {
    format!(
        "pack: {{name: tests, version: 1.0.0, enabled: true}}\n\
         providers:\n  targets:\n    - {{id: main, provider: own, base_url: '{}'}}\n\
         policies:\n  chain: [pii-detector, 'external-guard:names', audit-logger]\n\
         policy:\n  pii-detector: {{}}\n  audit-logger: {{}}\n  \
         external-guard:names: {{url: '{url}', {settings}}}\n",
        provider.url()
    )
}

fn started(provider: &Provider, url: &str, settings: &str) -> (World, Gateway) {
    let world = World::new(Mode::Embedded);
    world
        .sandbox
        .write("one.yaml", config(provider, url, settings));
    world.create("one.yaml");
    let gateway = world.run_with("", &[("GUARD_KEY", "key-of-the-guard")]);
    (world, gateway)
}

const PRESIDIO: &str = "form: presidio, responses: false, timeout: 2s";

fn last_content(provider: &Provider) -> Value {
    let (_, received) = provider.received().pop().expect("a request was sent");
    received["messages"][0]["content"].clone()
}

#[test]
fn spans_of_presidio_are_redacted_in_place() {
    let provider = Provider::start();
    let analyzer = Analyzer::start();
    let more = "secret_key_ref: {env: GUARD_KEY}, entities: [PERSON, ORGANIZATION]";
    let (_world, gateway) = started(&provider, &analyzer.url(), &format!("{PRESIDIO}, {more}"));
    for (text, expected) in [
        ("I am Ann Smith.", "I am [PERSON_1]."),
        (
            "é 😀 Bob: Ｊａｎｅ, a@b.example",
            "é [PERSON_1]: [PERSON_2], [EMAIL_1]",
        ),
        ("call Ann Smith & Sons", "call [PERSON_1]"),
        (
            "\"Ann Smith\"\n\\ Ann Smith",
            "\"[PERSON_1]\"\n\\ [PERSON_1]",
        ),
        ("nobody", "nobody"),
    ] {
        let reply = gateway.chat("m", text);
        assert_eq!(reply.status, 200, "{}", reply.body);
        assert_eq!(last_content(&provider), expected);
    }
    let (head, request) = analyzer.received().pop().expect("it was asked");
    assert!(head.starts_with("POST /analyze HTTP/1.1"), "{head}");
    assert!(
        head.contains("authorization: Bearer key-of-the-guard"),
        "{head}"
    );
    assert_eq!(request["language"], "en");
    assert_eq!(request["entities"], json!(["PERSON", "ORGANIZATION"]));
    assert_eq!(request["score_threshold"], 0.5);
    let texts: Vec<Value> = analyzer
        .received()
        .iter()
        .map(|(_, r)| r["text"].clone())
        .collect();
    let judged = json!("é 😀 Bob: Ｊａｎｅ, [EMAIL_1]");
    assert!(
        texts.contains(&judged),
        "the address never leaves: {texts:?}"
    );
    assert!(analyzer.connections() <= 4, "connections are used again");
}

#[test]
fn entities_below_the_score_or_not_asked_for_stay() {
    let provider = Provider::start();
    let analyzer = Analyzer::start();
    let settings = format!("{PRESIDIO}, min_score: 80");
    let (_world, gateway) = started(&provider, &analyzer.url(), &settings);
    assert_eq!(gateway.chat("m", "Smith & Sons, Ann Smith").status, 200);
    assert_eq!(last_content(&provider), "Smith & Sons, [PERSON_1]");
}

#[test]
fn a_guard_that_fails_follows_the_fail_mode() {
    let provider = Provider::start();
    let analyzer = Analyzer::start();
    for (fail_mode, status) in [("closed", 400), ("open", 200)] {
        let settings =
            format!("{PRESIDIO}, fail_mode: {fail_mode}, secret_key_ref: {{env: GUARD_KEY}}");
        let (_world, gateway) = started(&provider, &analyzer.url(), &settings);
        for order in ["slow", "error", "garbage", "behind"] {
            let reply = gateway.chat("m", &format!("guard:{order} Ann Smith"));
            assert_eq!(reply.status, status, "{order}: {}", reply.body);
        }
        let metrics = http(gateway.admin_port, "GET", "/metrics", &[], "").expect("it responds");
        for result in ["timeout", "unavailable", "invalid-answer"] {
            let label = format!("policy=\"external-guard:names\",result=\"{result}\"");
            assert!(metrics.body.contains(&label), "{result}: {}", metrics.body);
        }
        let output = gateway.stop();
        let log = output.stdout.clone() + &output.stderr;
        assert!(!log.contains("key-of-the-guard"), "{log}");
        assert!(!log.contains("Ann Smith"), "{log}");
    }
    let unused = format!("http://127.0.0.1:{}", free_port());
    let (_world, gateway) = started(&provider, &unused, PRESIDIO);
    assert_eq!(gateway.chat("m", "hi").status, 400);
}

#[test]
fn the_own_form_has_the_messages_of_plugins() {
    let provider = Provider::start();
    let analyzer = Analyzer::start();
    let url = format!("{}/judge?tenant=1", analyzer.url());
    let settings = "form: http, settings: {level: 3}, responses: false";
    let (_world, gateway) = started(&provider, &url, settings);
    assert_eq!(gateway.chat("m", "hi").status, 200);
    let blocked = gateway.chat("m", "guard:block");
    assert_eq!(blocked.status, 400);
    let reason = &body(&blocked)["error"];
    assert!(
        reason.to_string().contains("external_guard.blocked"),
        "{reason}"
    );
    let (head, request) = analyzer.received().pop().expect("it was asked");
    assert!(head.starts_with("POST /judge?tenant=1 HTTP/1.1"), "{head}");
    assert_eq!(request["settings"], json!({ "level": 3 }));
    assert_eq!(request["model"], "m");
    assert_eq!(request["texts"][0]["direction"], "request");
    assert_eq!(request["texts"][0]["role"], "user");
}

#[test]
fn in_parallel_the_response_waits_for_the_verdict() {
    let provider = Provider::start();
    let analyzer = Analyzer::start();
    let settings =
        "form: http, parallel: true, responses: false, timeout: 20s, response: {action: block}";
    let (_world, gateway) = started(&provider, &analyzer.url(), settings);
    std::thread::scope(|scope| {
        let slow = scope.spawn(|| gateway.chat("m", "guard:slow guard:block"));
        wait_until("the upstream to receive it", TIMEOUT, || {
            (provider.received().len() == 1).then_some(())
        });
        assert!(!slow.is_finished(), "the verdict is not there");
        let slow = slow.join().expect("no thread panics");
        assert_eq!(slow.status, 400, "{}", slow.body);
    });
    assert_eq!(gateway.chat("m", "hi").status, 200);
}

#[test]
fn lint_refuses_settings_that_make_no_sense() {
    let provider = Provider::start();
    let world = World::new(Mode::Embedded);
    for (settings, expected) in [
        (
            "form: presidio, parallel: true",
            "what has been sent cannot be redacted",
        ),
        (
            "form: presidio, parallel: true, requests: false, response: {action: block}",
            "has no effect without requests",
        ),
        (
            "form: presidio, settings: {a: 1}",
            "has no effect with the form `presidio`",
        ),
        (
            "form: http, entities: [PERSON]",
            "has no effect with the form `http`",
        ),
        (
            "requests: true",
            "`policy.external-guard:names.form` is missing",
        ),
        (
            "form: http, requests: false, responses: false",
            "judges neither",
        ),
        ("form: http, settings: {a: 1.5}", "is a fraction"),
        ("form: http, secret_key_ref: key", "must be a mapping"),
    ] {
        let text = config(&provider, "http://127.0.0.1:1", settings);
        world.sandbox.write("one.yaml", text);
        let output = world.kt("policy lint --file one.yaml").run();
        assert_ne!(output.code(), Some(0), "{settings}");
        let shown = output.stdout.clone() + &output.stderr;
        assert!(shown.contains(expected), "{settings}: {shown}");
    }
}

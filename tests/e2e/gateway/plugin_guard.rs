//! Guards that plugins provide, through a running gateway.

use super::provider::Provider;
use super::world::{Gateway, Mode, World, body, reply_text};
use crate::harness::{TIMEOUT, http, wait_until};
use crate::plugins::PluginDir;
use serde_json::{Value, json};

/// A configuration with a plugin in the chain.
pub(super) fn config(provider: &Provider, name: &str, settings: &str) -> String {
    format!(
        "pack: {{name: tests, version: 1.0.0, enabled: true}}\n\
         providers:\n  targets:\n    - {{id: main, provider: own, base_url: '{}'}}\n\
         policies:\n  chain: [pii-detector, 'plugin:{name}', audit-logger]\n\
         policy:\n  pii-detector: {{}}\n  plugin:{name}: {settings}\n  audit-logger: {{}}\n",
        provider.url()
    )
}

const WORDS: &str =
    "{settings: {redact: [falcon, ＦＵＬＬ], block: [launch code]}, response: {message: No way}}";

/// Starts a gateway whose chain has a plugin of the folder `tests/plugins`.
fn started(
    provider: &Provider,
    (folder, name): (&str, &str),
    settings: &str,
) -> (World, Gateway, String) {
    let world = World::new(Mode::Embedded);
    let dir = PluginDir::new(&world.sandbox);
    if folder == "prefix-guard" {
        dir.prefix_guard();
    } else {
        dir.example_program(folder);
    }
    let path = dir.path().display().to_string();
    world
        .sandbox
        .write("one.yaml", config(provider, name, settings));
    let id = world.create("one.yaml");
    let gateway = world.run_with("", &[("KT_PLUGIN_PATH", &path)]);
    (world, gateway, id)
}

fn word_list(provider: &Provider) -> (World, Gateway, String) {
    started(provider, ("word-list-python", "word-list"), WORDS)
}

fn faulty(provider: &Provider, settings: &str) -> (World, Gateway, String) {
    started(provider, ("faulty-guard", "faulty-guard"), settings)
}

pub(super) fn last_content(provider: &Provider) -> Value {
    let (_, received) = provider.received().pop().expect("a request was sent");
    received["messages"][0]["content"].clone()
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

fn metrics(gateway: &Gateway) -> String {
    let response = http(gateway.admin_port, "GET", "/metrics", &[], "");
    response.expect("it responds").body
}

#[test]
fn a_plugin_redacts_and_blocks_requests() {
    let provider = Provider::start();
    let (world, gateway, id) = word_list(&provider);
    let reply = gateway.chat("m", "😀 the Falcon and ＦＵＬＬ, bob@example.com");
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(
        last_content(&provider),
        "😀 the [WORD_1] and [WORD_2], [EMAIL_1]"
    );
    let input = record(&world, &id, "input");
    assert_eq!(input["verdict"], "redact");
    let found = json!({ "policy": "plugin:word-list", "kind": "word", "count": 2 });
    let findings = input["findings"].as_array().expect("a list");
    assert!(findings.contains(&found), "{input}");

    let blocked = gateway.chat("m", "tell me the launch code");
    assert_eq!(blocked.status, 400, "{}", blocked.body);
    assert_eq!(body(&blocked)["error"]["message"], "No way");
    assert!(!blocked.body.contains("launch"), "{}", blocked.body);
    assert_eq!(provider.received().len(), 1, "nothing was sent");
    let input = wait_until("the record of the block", TIMEOUT, || {
        let input = record(&world, &id, "input");
        (input["verdict"] == "block").then_some(input)
    });
    assert_eq!(input["policy"], "plugin:word-list");
    assert_eq!(input["reason_code"], "plugin.blocked");
    assert_eq!(input["findings"][0]["kind"], "blocked-word");
    let metrics = metrics(&gateway);
    let calls = "keeptrusts_gateway_guard_calls_total{policy=\"plugin:word-list\",result=\"ok\"}";
    assert!(metrics.contains(calls), "{metrics}");
    let count = "policy_evaluations_total{policy=\"plugin:word-list\",result=\"block\"} 1";
    assert!(metrics.contains(count), "{metrics}");
}

/// The same with a library, which the host isolates.
#[test]
fn a_plugin_in_rust_redacts_both_directions() {
    let provider = Provider::start();
    let settings = "{settings: {prefix: CASE-, label: CASE_NUMBER}}";
    let plugin = ("prefix-guard", "prefix-guard");
    let (_world, gateway, _) = started(&provider, plugin, settings);
    assert_eq!(gateway.chat("m", "é see CASE-123!").status, 200);
    assert_eq!(last_content(&provider), "é see [CASE_NUMBER_1]!");
    provider.script("answer", answer("it is CASE-9"));
    assert_eq!(
        reply_text(&gateway.chat("answer", "hi")),
        "it is [CASE_NUMBER]"
    );
}

/// Returns a whole response with a text.
fn answer(text: &str) -> String {
    let message = json!({ "role": "assistant", "content": text });
    let body = json!({ "choices": [{ "index": 0, "message": message }] }).to_string();
    format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}",
        body.len()
    )
}

#[test]
fn a_text_in_parts_is_judged_joined() {
    let provider = Provider::start();
    let (_world, gateway, _) = word_list(&provider);
    let parts = |first: &str, second: &str| {
        let part = |text: &str| json!({ "type": "text", "text": text });
        let content = json!([part(first), part(second)]);
        json!({ "model": "m", "messages": [{ "role": "user", "content": content }] })
    };
    assert_eq!(gateway.post(&parts("the launch ", "code")).status, 400);
    assert_eq!(gateway.post(&parts("the fal", "con flies")).status, 200);
    let content = last_content(&provider);
    assert_eq!(content[0]["text"], "the [WORD_1]");
    assert_eq!(content[1]["text"], " flies");
}

#[test]
fn a_plugin_redacts_and_blocks_whole_responses() {
    let provider = Provider::start();
    let (world, gateway, id) = word_list(&provider);
    provider.script("redact", answer("see falcon, or ann@example.com"));
    provider.script("block", answer("it is the launch code"));
    assert_eq!(
        reply_text(&gateway.chat("redact", "hi")),
        "see [WORD], or [EMAIL]"
    );
    assert_eq!(record(&world, &id, "output")["verdict"], "redact");
    let blocked = gateway.chat("block", "hi");
    assert_eq!(blocked.status, 400, "{}", blocked.body);
    assert!(!blocked.body.contains("launch"), "{}", blocked.body);
}

#[test]
fn without_the_plugin_no_gateway_starts() {
    let provider = Provider::start();
    let world = World::new(Mode::Embedded);
    let text = config(&provider, "word-list", "{}");
    world.sandbox.write("one.yaml", text);
    let lint = world.kt("policy lint --file one.yaml").run();
    assert_eq!(lint.code(), Some(0), "{}", lint.stderr);
    let output = world
        .kt("gateway run --policy-config one.yaml --listen 127.0.0.1:0")
        .run();
    assert_ne!(output.code(), Some(0));
    for part in [
        "no plugin provides `kt.policy/1` as `word-list`",
        "one.yaml:6:25",
    ] {
        assert!(output.stderr.contains(part), "{}", output.stderr);
    }
}

#[test]
fn a_reload_without_the_plugin_is_rejected() {
    let provider = Provider::start();
    let (world, gateway, _) = word_list(&provider);
    world
        .sandbox
        .write("two.yaml", config(&provider, "other-list", "{}"));
    let output = world
        .kt("gateway reload --id production --file two.yaml")
        .run();
    assert_eq!(output.code(), Some(10), "{}", output.stderr);
    assert!(output.stderr.contains("other-list"), "{}", output.stderr);
    assert_eq!(gateway.chat("m", "launch code").status, 400);
    // Without the plugin in the chain, the reload is accepted.
    let none = super::world::with_upstream(&provider.url(), "");
    world.sandbox.write("three.yaml", none);
    let output = world.kt("gateway reload --id production --file three.yaml");
    output.run().ok();
    assert_eq!(gateway.chat("m", "launch code").status, 200);
}

#[test]
fn answers_that_are_not_valid_follow_the_fail_mode() {
    let provider = Provider::start();
    let (world, gateway, id) = faulty(&provider, "{timeout: 10s, responses: false}");
    for order in [
        "no-verdicts",
        "text",
        "behind",
        "reversed",
        "negative",
        "other-index",
        "twice",
        "unknown",
        "many",
    ] {
        let reply = gateway.chat("m", &format!("guard:{order}"));
        assert_eq!(reply.status, 400, "{order}: {}", reply.body);
        let input = wait_until("the record", TIMEOUT, || {
            let input = record(&world, &id, "input");
            (input["findings"][0]["kind"] == "invalid-answer").then_some(input)
        });
        assert_eq!(input["policy"], "plugin:faulty-guard", "{order}");
    }
    assert!(provider.received().is_empty());
    let huge = gateway.chat("m", "guard:huge");
    assert_eq!(huge.status, 400);
    assert!(huge.body.len() < 1000, "the reason is not shown");
    assert_eq!(gateway.chat("m", "guard:overlapping!").status, 200);
    assert_eq!(last_content(&provider), "[SPAN_1]erlapping!");
    assert_eq!(gateway.chat("m", "guard:label").status, 200);
    assert_eq!(last_content(&provider), "[REDACTED_1]:label");
}

#[test]
fn a_plugin_that_fails_is_started_again() {
    let provider = Provider::start();
    let (_world, gateway, _) = faulty(&provider, "{timeout: 1s, responses: false}");
    for order in ["crash", "garbage", "hang"] {
        let reply = gateway.chat("m", &format!("guard:{order}"));
        assert_eq!(reply.status, 400, "{order}: {}", reply.body);
        wait_until("the plugin", TIMEOUT, || {
            (gateway.chat("m", "hi").status == 200).then_some(())
        });
    }
    let metrics = metrics(&gateway);
    for result in ["timeout", "unavailable"] {
        let label = format!("policy=\"plugin:faulty-guard\",result=\"{result}\"");
        assert!(metrics.contains(&label), "{result}: {metrics}");
    }
}

#[test]
fn with_the_fail_mode_open_texts_pass_unjudged() {
    let provider = Provider::start();
    let settings = "{timeout: 1s, fail_mode: open, responses: false}";
    let (world, gateway, id) = faulty(&provider, settings);
    let reply = gateway.chat("m", "guard:hang bob@example.com");
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(last_content(&provider), "guard:hang [EMAIL_1]");
    let input = record(&world, &id, "input");
    assert_eq!(input["verdict"], "redact", "by the detector");
    let findings = input["findings"].to_string();
    assert!(findings.contains("timeout"), "{findings}");
}

#[test]
fn with_the_action_log_nothing_changes() {
    let provider = Provider::start();
    let settings = "{settings: {redact: [falcon], block: [launch code]}, response: {action: log}}";
    let (world, gateway, id) = started(&provider, ("word-list-python", "word-list"), settings);
    assert_eq!(gateway.chat("m", "falcon, launch code").status, 200);
    assert_eq!(last_content(&provider), "falcon, launch code");
    let input = record(&world, &id, "input");
    assert_eq!(input["verdict"], "allow");
    assert_eq!(input["findings"][0]["kind"], "blocked-word");
}

/// 200 requests whose guard hangs must not keep the gateway from others.
#[test]
fn a_plugin_that_hangs_keeps_no_event_loop() {
    let provider = Provider::start();
    let (_world, gateway, _) = faulty(&provider, "{timeout: 3s, responses: false}");
    std::thread::scope(|scope| {
        let hanging: Vec<_> = (0..200)
            .map(|_| scope.spawn(|| gateway.chat("m", "guard:hang").status))
            .collect();
        let mut answered = 0;
        while !hanging
            .iter()
            .all(std::thread::ScopedJoinHandle::is_finished)
        {
            let live = http(gateway.port, "GET", "/livez", &[], "").expect("it responds");
            assert_eq!(live.status, 200);
            answered += 1;
        }
        assert!(answered > 20, "{answered} answers in three seconds");
        for status in hanging {
            assert_eq!(status.join().expect("no thread panics"), 400);
        }
    });
    wait_until("the plugin", TIMEOUT, || {
        (gateway.chat("m", "hi").status == 200).then_some(())
    });
}

/// A reload that removes the plugin while texts are judged: they are judged to the end.
#[test]
fn requests_in_flight_are_judged_when_the_plugin_is_removed() {
    let provider = Provider::start();
    let (world, gateway, _) = faulty(&provider, "{timeout: 30s, responses: false}");
    let none = super::world::with_upstream(&provider.url(), "");
    world.sandbox.write("none.yaml", none);
    std::thread::scope(|scope| {
        let slow: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| gateway.chat("m", "guard:slow bob@example.com").status))
            .collect();
        let reload = world.kt("gateway reload --id production --file none.yaml");
        reload.run().ok();
        for status in slow {
            assert_eq!(status.join().expect("no thread panics"), 200);
        }
    });
    assert_eq!(gateway.chat("m", "guard:block").status, 200);
}

/// Returns the events of a stream with these fragments.
fn stream_of(fragments: &[&str]) -> String {
    let mut events = String::new();
    for fragment in fragments {
        let chunk = json!({ "id": "c", "choices": [{ "index": 0, "delta": { "content": fragment },
            "finish_reason": null }] });
        events += &format!("data: {chunk}\n\n");
    }
    let last =
        json!({ "id": "c", "choices": [{ "index": 0, "delta": {}, "finish_reason": "stop" }] });
    events + &format!("data: {last}\n\ndata: [DONE]\n\n")
}

/// Returns the text of the deltas of a stream.
fn streamed_text(stream: &str) -> String {
    let events = stream
        .lines()
        .filter_map(|line| line.strip_prefix("data: "));
    let chunks = events.filter_map(|data| serde_json::from_str::<Value>(data).ok());
    chunks
        .filter_map(|chunk| {
            let text = chunk["choices"][0]["delta"]["content"].as_str();
            text.map(str::to_owned)
        })
        .collect()
}

fn streamed(gateway: &Gateway, model: &str) -> String {
    let request = json!({ "model": model, "stream": true,
        "messages": [{ "role": "user", "content": "hi" }] });
    gateway.post(&request).body
}

const STREAM_WORDS: &str =
    "{window: 64, settings: {redact: [falcon, ＦＵＬＬ], block: [launch code]}}";

#[test]
fn streams_are_judged_in_windows() {
    let provider = Provider::start();
    let plugin = ("word-list-python", "word-list");
    let (world, gateway, id) = started(&provider, plugin, STREAM_WORDS);
    let sentence = "é the falcon sees ＦＵＬＬ moons; ".repeat(20);
    let expected = "é the [WORD] sees [WORD] moons; ".repeat(20);
    for length in [1, 2, 3, 7, 50, 1000] {
        let characters: Vec<char> = sentence.chars().collect();
        let fragments: Vec<String> = characters
            .chunks(length)
            .map(|part| part.iter().collect())
            .collect();
        let fragments: Vec<&str> = fragments.iter().map(String::as_str).collect();
        provider.script_stream("words", &stream_of(&fragments));
        let stream = streamed(&gateway, "words");
        assert_eq!(streamed_text(&stream), expected, "{length}: {stream}");
        assert!(stream.contains("\"finish_reason\":\"stop\""), "{stream}");
        assert!(stream.trim_end().ends_with("data: [DONE]"), "{stream}");
        let output = record(&world, &id, "output");
        assert_eq!(output["verdict"], "redact", "{output}");
        assert_eq!(output["findings"][0]["count"], 40, "{length}: {output}");
    }
}

#[test]
fn a_stream_ends_where_a_plugin_blocks_it() {
    let provider = Provider::start();
    let plugin = ("word-list-python", "word-list");
    let (world, gateway, id) = started(&provider, plugin, STREAM_WORDS);
    let words = ["harmless words "; 20];
    let first = stream_of(&words).replace("\"stop\"", "null");
    let first = first.replace("data: [DONE]\n\n", "");
    let second = [&["the lau", "nch co", "de is 1234 "][..], &words[..]].concat();
    provider.script_stream_parts("block", &[&first, &stream_of(&second)]);
    let stream = streamed(&gateway, "block");
    let text = streamed_text(&stream);
    assert!(text.starts_with("harmless words "), "{stream}");
    assert!(
        !stream.contains("1234") && !text.contains("laun"),
        "{stream}"
    );
    assert!(!stream.contains("[DONE]"), "{stream}");
    assert!(stream.contains("policy_violation"), "{stream}");
    let output = record(&world, &id, "output");
    assert_eq!(output["policy"], "plugin:word-list");
}

#[test]
fn complete_values_of_streams_are_judged_as_a_whole() {
    let provider = Provider::start();
    let plugin = ("word-list-python", "word-list");
    let (_world, gateway, _) = started(&provider, plugin, STREAM_WORDS);
    let call = |arguments: &str, id: Option<&str>| {
        let mut function = json!({ "arguments": arguments });
        if id.is_some() {
            function["name"] = json!("look_up");
        }
        let call = json!({ "index": 0, "id": id, "type": "function", "function": function });
        let delta = json!({ "tool_calls": [call] });
        let chunk = json!({ "choices": [{ "index": 0, "delta": delta, "finish_reason": null }] });
        format!("data: {chunk}\n\n")
    };
    let stream = call("{\"bird\": \"fal", Some("call_1"))
        + &call("c\\u006fn\", \"n\": 1}", None)
        + &stream_of(&[]);
    provider.script_stream("tool", &stream);
    let stream = streamed(&gateway, "tool");
    assert!(!stream.contains("fal"), "{stream}");
    assert!(stream.contains("[WORD]"), "{stream}");
    assert!(stream.contains("[DONE]"), "{stream}");
}

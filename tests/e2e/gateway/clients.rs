//! Official client libraries against a gateway.

use super::provider::Provider;
use super::world::{Gateway, Mode, World, example};
use crate::harness::{tool_at, workspace};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// Returns the interpreter with the client libraries, if it is installed.
pub(super) fn python() -> Option<PathBuf> {
    tool_at(&workspace().join("target/test-venv/bin/python3"))
}

/// Runs a script with the address of a gateway.
pub(super) fn run_client(
    world: &World,
    python: &Path,
    gateway: &Gateway,
    script: &str,
    arguments: &[&str],
) {
    let script = workspace().join("tests/e2e/clients").join(script);
    let ran = world
        .sandbox
        .program(python)
        .arg(script)
        .arg(format!("http://127.0.0.1:{}/v1", gateway.port))
        .args(arguments)
        .run();
    ran.ok().stdout_contains("all checks passed");
}

#[test]
fn the_openai_client_works_unchanged() {
    let Some(python) = python() else {
        return;
    };
    let world = World::new(Mode::Embedded);
    world.sandbox.write("policy-config.yaml", example());
    world.create("policy-config.yaml");
    let gateway = world.run("");
    run_client(&world, &python, &gateway, "openai_client.py", &[]);
}

/// Streams two tool calls whose arguments arrive in parts.
fn calls(id: impl Fn(usize, bool) -> Value, name_in_parts: Value) -> String {
    let mut stream = String::new();
    let mut send = |delta: Value, finish: Value| {
        let chunk = json!({ "id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m",
            "choices": [{ "index": 0, "delta": delta, "finish_reason": finish }] });
        stream.push_str(&format!("data: {chunk}\n\n"));
    };
    send(json!({ "role": "assistant", "content": null }), Value::Null);
    let both = [
        ("get_weather", ["{\"city\":", " \"Paris\"}"]),
        ("get_time", ["{\"zone\": \"C", "ET\"}"]),
    ];
    for (index, (name, arguments)) in both.into_iter().enumerate() {
        for (part, arguments) in arguments.into_iter().enumerate() {
            let first = part == 0;
            let name = if first {
                json!(name)
            } else {
                name_in_parts.clone()
            };
            let call = json!({ "index": index, "id": id(index, first), "type": "function",
                "function": { "name": name, "arguments": arguments } });
            send(json!({ "tool_calls": [call] }), Value::Null);
        }
    }
    send(json!({}), json!("tool_calls"));
    stream + "data: [DONE]\n\n"
}

/// The id of the nth call in the style of a provider.
type IdStyle = fn(usize) -> String;

#[test]
fn the_openai_client_streams_tool_calls_of_every_provider() {
    let Some(python) = python() else {
        return;
    };
    let p = Provider::start();
    let styles: [(&str, IdStyle); 6] = [
        ("openai", |n| format!("call_{n}x9Qm2ZpB41112222")),
        ("mistral", |n| format!("a1B2c3D4{n}")),
        ("vllm", |n| {
            format!("chatcmpl-tool-{n}f1e2d3c4b5a69788796a5b4c3d2e1f0")
        }),
        ("kimi", |n| format!("functions.get:{n}")),
        ("anthropic", |n| format!("toolu_0{n}A09q90qw90lq917835lq9")),
        ("groq", |n| format!("call_{n}")),
    ];
    for (model, style) in styles {
        let id = |n, first| if first { json!(style(n)) } else { Value::Null };
        p.script_stream(model, &calls(id, Value::Null));
    }
    // Azure repeats empty ids and names in later chunks.
    let id = |n, first| {
        json!(if first {
            format!("call_{n}")
        } else {
            String::new()
        })
    };
    p.script_stream("azure", &calls(id, json!("")));
    let mut models: Vec<&str> = styles.iter().map(|(model, _)| *model).collect();
    models.push("azure");

    let world = World::new(Mode::Embedded);
    let config = format!(
        "pack: {{name: tests, version: 1.0.0, enabled: true}}\n\
         providers:\n  targets:\n    - {{id: main, provider: own, base_url: '{}', aliases: [{}]}}\n\
         policies: {{chain: [prompt-injection, pii-detector, dlp-filter]}}\n\
         policy:\n  prompt-injection: {{response: {{action: block}}}}\n  pii-detector: {{action: redact}}\n  \
         dlp-filter: {{action: block, blocked_terms: [project nightjar, gazelle]}}\n",
        p.url(),
        models.join(", ")
    );
    world.sandbox.write("c.yaml", config);
    world.create("c.yaml");
    let gateway = world.run("");
    run_client(&world, &python, &gateway, "openai_streams.py", &models);
}

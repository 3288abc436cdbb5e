//! Credentials in the file: rejected, and never printed.

use crate::sample::{bad, base_with};

#[test]
fn a_literal_credential_is_rejected_and_never_printed() {
    let canary = "sk-canary-7e1f";
    let texts = [
        base_with("{env: DEMO_KEY}", canary),
        base_with(
            "secret_key_ref: {env: DEMO_KEY}",
            &format!("api_key: {canary}"),
        ),
        base_with("{env: DEMO_KEY}", &format!("{{env: \"{canary} !\"}}")),
        base_with("{env: DEMO_KEY}", &format!("[{canary}]")),
        base_with("https://llm", &format!("https://u:{canary}@llm")),
        base_with(
            "      secret_key_ref",
            &format!("      pasword: x\n      token: {canary}\n      secret_key_ref"),
        ),
        base_with("{env: DEMO_KEY}", &format!("\n        env: '{canary} !'")),
        base_with("{env: DEMO_KEY}", &format!("\n        {canary}: x")),
        base_with("{env: DEMO_KEY}", &format!("\n        env: [{canary}]")),
        base_with("{env: DEMO_KEY}", &format!("\n        env: '{canary}")),
        format!("a: [api_key: \"{canary}\n"),
        base_with("DEMO_KEY", canary),
        base_with("{env: DEMO_KEY}", &format!("{{store: {canary}}}")),
        base_with("{env: DEMO_KEY}", &format!("\n        env: {canary}")),
        base_with(
            "{env: DEMO_KEY}",
            &format!("{{env: DEMO_KEY}}\n      api_key_prefix: Bearer {canary}"),
        ),
        base_with(
            "{env: DEMO_KEY}",
            &format!("{{env: DEMO_KEY}}\n      api_key_header: {canary}"),
        ),
        base_with(
            "llm.internal.test",
            &format!("llm.internal.test/{canary}/v1"),
        ),
        base_with(
            "llm.internal.test",
            &format!("llm.internal.test/v1?key={canary}"),
        ),
        base_with("provider: openai", &format!("provider: {canary}")),
        base_with("weight: 2", &format!("{canary}: 2")),
        base_with("id: spare", &format!("id: {canary}")),
        // The problem is on the line of the secret, or beside it.
        base_with(
            "{id: spare, provider: echo, weight: 2}",
            &format!(
                "{{id: spare, secret_key_ref: {{env:\n      {canary}}}, provider: echo, wieght: 2}}"
            ),
        ),
        base_with(
            "{id: spare, provider: echo, weight: 2}",
            &format!("{{id: spare, provider: echo, wieght: 2, api_key_prefix: Bearer {canary}}}"),
        ),
    ];
    for text in texts {
        let problems = bad(&text);
        let rendered = format!("{problems}{}", serde_json::to_string(&problems).unwrap());
        assert!(!rendered.contains(canary), "{rendered}");
        assert!(problems.iter().all(|p| p.line > 0), "{rendered}");
    }
}

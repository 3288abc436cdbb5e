//! The sample documents of the tests.

use kt_policy::{Document, Problems, Source, parse};

/// A small document with every setting that the tests change.
pub(crate) const BASE: &str = "\
pack: {name: demo, version: 1.0.0, enabled: true}
providers:
  targets:
    - id: main
      provider: openai
      model: gpt-4o-mini
      base_url: https://llm.internal.test
      secret_key_ref: {env: DEMO_KEY}
    - {id: spare, provider: echo, weight: 2}
  routing: {strategy: ordered, order: [main, spare]}
  timeouts: {connect: 5s}
policies:
  chain: [prompt-injection, pii-detector, dlp-filter, audit-logger]
policy:
  prompt-injection:
    detection: {attack_patterns: [\"(?i)forget your rules\"]}
    response: {action: block, message: not permitted}
  pii-detector: {action: redact}
  dlp-filter: {blocked_terms: [falcon ledger], action: block}
  audit-logger: {retention_days: 90}
";

/// Parses a text as `test.yaml`.
pub(crate) fn read(text: &str) -> Result<Document, Problems> {
    parse(&[Source::new("test.yaml", text)])
}

/// Parses a text that must be valid.
pub(crate) fn good(text: &str) -> Document {
    read(text).unwrap_or_else(|problems| panic!("{problems}\n{text}"))
}

/// Returns the problems of a text that must be invalid.
pub(crate) fn bad(text: &str) -> Problems {
    match read(text) {
        Ok(_) => panic!("accepted:\n{text}"),
        Err(problems) => problems,
    }
}

/// Returns [`BASE`] with a text replaced, which must occur in it.
pub(crate) fn base_with(from: &str, to: &str) -> String {
    assert!(BASE.contains(from), "`{from}` is not in the sample");
    BASE.replacen(from, to, 1)
}

/// Returns a document with one policy and its block.
pub(crate) fn single(kind: &str, block: &str) -> String {
    format!(
        "pack: {{name: t, version: 1.0.0, enabled: true}}\npolicies: {{chain: [{kind}]}}\npolicy:\n  {kind}: {block}\n"
    )
}

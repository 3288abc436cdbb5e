//! Redacts texts as a policy does, for measurements: reads lines of JSON with a `text` from standard
//! input, and writes lines with the `text` that is left, and the `kinds` that were found.
//!
//! `cargo run --profile staging -p kt-policy --example redact [-- KIND SETTINGS] < ROWS.jsonl`

use std::error::Error;
use std::io::{BufRead, Write, stdin, stdout};

use kt_policy::{Limits, PromptText, Source, compile, parse};
use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let kind = arguments.next().unwrap_or("pii-detector".to_owned());
    let settings = arguments.next().unwrap_or("{}".to_owned());
    let document = format!(
        "pack: {{name: example, version: 1.0.0, enabled: true}}\n\
         policies: {{chain: [{kind}]}}\npolicy: {{{kind}: {settings}}}\n"
    );
    let document = parse(&[Source::new("example.yaml", document)])?;
    let chain = compile(&document, &Limits::default())?;
    let mut out = stdout().lock();
    for line in stdin().lock().lines() {
        let row: Value = serde_json::from_str(&line?)?;
        let text = row["text"].as_str().unwrap_or_default();
        let evaluation = chain.inspect_prompt(&[PromptText { role: "user", text }]);
        let left = evaluation
            .rewrites
            .first()
            .map_or(text, |r| r.text.as_str());
        let kinds: Vec<&str> = evaluation.findings.iter().map(|f| f.kind).collect();
        writeln!(out, "{}", json!({ "text": left, "kinds": kinds }))?;
    }
    Ok(())
}

//! The configurations of the gateways, and the requests.

use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};

/// English prose, which is repeated up to the length that is needed.
const PROSE: &str = include_str!("../../../LICENSE-APACHE");

/// Returns prose of a length in bytes.
pub(crate) fn prose(length: usize) -> String {
    repeat(PROSE.trim_start(), length)
}

/// Returns a unit repeated to a length in bytes, cut at a character.
pub(crate) fn repeat(unit: &str, length: usize) -> String {
    let mut text = unit.repeat(length / unit.len() + 1);
    text.truncate(text.floor_char_boundary(length));
    text
}

/// Returns the body of a request with a text.
pub(crate) fn body(text: &str) -> String {
    request(text, Value::Null)
}

/// A word that each request replaces by one of its own: what was judged before and is harmless is
/// not judged again.
pub(crate) const OWN_WORD: &str = "aaaaaaaa";

/// Returns the body of a request with a text that is new each time.
pub(crate) fn new_body(length: usize) -> String {
    body(&format!("{OWN_WORD} {}", prose(length)))
}

/// Returns the body of a turn of a conversation: of so many bytes before it, and one message that is
/// new each time.
pub(crate) fn turn_body(history: usize, length: usize) -> String {
    const MESSAGE: usize = 4096;
    let mut messages: Vec<Value> = (0..history / MESSAGE)
        .map(|n| {
            let role = if n % 2 == 0 { "user" } else { "assistant" };
            json!({"role": role, "content": format!("{n}. {}", prose(MESSAGE))})
        })
        .collect();
    messages.push(json!({"role": "user", "content": format!("{OWN_WORD} {}", prose(length))}));
    json!({"model": "gpt-4o-mini", "messages": messages, "temperature": 0.2}).to_string()
}

/// A request that is sent again and again, each time with another word of its own.
pub(crate) struct Renewed {
    request: Vec<u8>,
    /// Where the word stands, if it has one.
    word: Option<usize>,
}

impl Renewed {
    pub(crate) fn new(request: &[u8]) -> Self {
        let mut windows = request.windows(OWN_WORD.len());
        Self {
            word: windows.position(|window| window == OWN_WORD.as_bytes()),
            request: request.to_owned(),
        }
    }

    /// Returns the request with a word that no other one has.
    pub(crate) fn next(&mut self) -> &[u8] {
        static WORDS: AtomicU64 = AtomicU64::new(0);
        if let Some(at) = self.word {
            let number = WORDS.fetch_add(1, Ordering::Relaxed);
            for (place, letter) in (0..).zip(&mut self.request[at..at + OWN_WORD.len()]) {
                let value = number / 26_u64.pow(place) % 26;
                *letter = b'a' + u8::try_from(value).expect("below 26");
            }
        }
        &self.request
    }
}

/// Returns the body of a request for a stream.
pub(crate) fn stream_body(text: &str, events: usize, pause_us: usize, choices: usize) -> String {
    let script = json!({"stream": true, "bench_events": events, "bench_pause_us": pause_us, "bench_choices": choices});
    request(text, script)
}

/// The members of `first` come first: the upstream reads only the beginning.
fn request(text: &str, first: Value) -> String {
    let mut request = first.as_object().cloned().unwrap_or_default();
    request.insert("model".to_owned(), json!("gpt-4o-mini"));
    request.insert(
        "messages".to_owned(),
        json!([
            {"role": "system", "content": "You answer briefly, and say so when you do not know."},
            {"role": "user", "content": text},
        ]),
    );
    request.insert("temperature".to_owned(), json!(0.2));
    Value::Object(request).to_string()
}

/// Returns a configuration without a chain.
pub(crate) fn without_chain(upstream: u16) -> String {
    format!("{}policies: {{chain: []}}\n", providers(upstream))
}

fn providers(upstream: u16) -> String {
    format!(
        "pack: {{name: bench, version: 1.0.0, enabled: true}}\nproviders:\n  targets:\n    - id: upstream\n      provider: openai\n      base_url: http://127.0.0.1:{upstream}\n"
    )
}

/// The full chain: every policy, with 500 terms.
pub(crate) fn full_chain(upstream: u16) -> String {
    chain(
        upstream,
        "prompt-injection, pii-detector, dlp-filter, secrets, audit-logger",
        &[
            PROMPT_INJECTION,
            PII_DETECTOR,
            &dlp_filter(),
            SECRETS,
            AUDIT_LOGGER,
        ]
        .concat(),
    )
}

/// One policy of the full chain.
pub(crate) fn chain_of(kind: &str) -> String {
    let block = match kind {
        "prompt-injection" => PROMPT_INJECTION,
        "pii-detector" => PII_DETECTOR,
        "dlp-filter" => &dlp_filter(),
        _ => SECRETS,
    };
    chain(9, kind, block)
}

fn chain(upstream: u16, kinds: &str, blocks: &str) -> String {
    let providers = providers(upstream);
    format!("{providers}policies:\n  chain: [{kinds}]\npolicy:\n{blocks}")
}

const PROMPT_INJECTION: &str = "  prompt-injection:\n    encoding: {decode_base64: true, normalize_unicode: true, detect_homoglyphs: true}\n    response: {action: block, message: This request was refused by policy.}\n";
const PII_DETECTOR: &str = "  pii-detector:\n    action: redact\n";
const SECRETS: &str = "  secrets: {}\n";
const AUDIT_LOGGER: &str = "  audit-logger: {retention_days: 365}\n";

fn dlp_filter() -> String {
    let terms: String = terms().map(|term| format!("      - {term}\n")).collect();
    format!("  dlp-filter:\n    action: redact\n    blocked_terms:\n{terms}")
}

/// Returns terms whose first words are those of the prose, so that they are nearly found.
fn terms() -> impl Iterator<Item = String> {
    let mut words: Vec<String> = PROSE
        .split(|c: char| !c.is_ascii_alphabetic())
        .filter(|word| word.len() >= 5)
        .map(str::to_ascii_lowercase)
        .collect();
    words.sort();
    words.dedup();
    let count = words.len();
    (0..500).map(move |n| {
        let (first, second) = (&words[n % count], &words[(n * 7 + 3) % count]);
        if n % 2 == 0 {
            format!("project {first} {second}")
        } else {
            format!("{first}{second} ledger")
        }
    })
}

//! What the upstream responds, which the clients know.

use std::time::{SystemTime, UNIX_EPOCH};

/// The texts of the events of a stream, in turn.
const PIECES: [&str; 20] = [
    " The",
    " release",
    " notes",
    " describe",
    " how",
    " each",
    " worker",
    " keeps",
    " a",
    " small",
    " table",
    " of",
    " routes",
    ",",
    " so",
    " that",
    " changes",
    " arrive",
    " quietly",
    ".",
];

/// The whole response: 1 KB.
pub(crate) const COMPLETION: &str = r#"{"id":"chatcmpl-AbCdEfGhIjKlMnOpQrStUvWxYz","object":"chat.completion","created":1732000000,"model":"gpt-4o-mini-2024-07-18","choices":[{"index":0,"message":{"role":"assistant","content":"The release notes describe how each worker keeps a small table of routes, so that changes arrive without a pause. When the queue is empty, the thread sleeps until something new is there. A request that has begun keeps the settings that it began with, and the next one sees what is new. That is why no client has to wait for a restart, and why a mistake in a file never reaches the people who use the service. If you want to look closer, read the chapter on snapshots first, then the one on drains, and try both with the example that comes with it.","refusal":null,"annotations":[]},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":182,"completion_tokens":117,"total_tokens":299,"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0}},"service_tier":"default","system_fingerprint":"fp_0ba0d124f1"}"#;

/// What stands before the time at which an event was sent: the padding that OpenAI adds, the only
/// member besides the text that differs from event to event.
const PADDING: &str = "\"obfuscation\":\"";

/// Returns the text of an event.
pub(crate) fn piece(number: usize) -> &'static str {
    PIECES[number % PIECES.len()]
}

/// Returns an event of a stream; `last` ends it.
pub(crate) fn event(number: usize, index: usize, last: bool) -> String {
    let (delta, reason, end) = if last {
        (String::new(), "\"stop\"", "data: [DONE]\n\n")
    } else {
        let text = piece(number);
        (format!("\"content\":\"{text}\""), "null", "")
    };
    format!(
        "data: {{\"id\":\"chatcmpl-AbCdEfGhIjKlMnOpQrSt\",\"object\":\"chat.completion.chunk\",\"created\":1732000000,\"model\":\"gpt-4o-mini-2024-07-18\",\"system_fingerprint\":\"fp_0ba0d124f1\",\"choices\":[{{\"index\":{index},\"delta\":{{{delta}}},\"logprobs\":null,\"finish_reason\":{reason}}}],{PADDING}{:012}\"}}\n\n{end}",
        now()
    )
}

/// Returns the time at which an event was sent.
pub(crate) fn sent_at(event: &str) -> Option<u64> {
    let (_, rest) = event.split_once(PADDING)?;
    rest.get(..12)?.parse().ok()
}

/// Returns the text of an event.
pub(crate) fn content(event: &str) -> &str {
    let content = event.split_once("\"content\":\"");
    let text = content.and_then(|(_, rest)| rest.split_once('"'));
    text.map_or("", |(text, _)| text)
}

/// Returns the microseconds of the system clock, which both processes read: the last twelve
/// digits, because a longer number could be that of a card.
pub(crate) fn now() -> u64 {
    let time = SystemTime::now().duration_since(UNIX_EPOCH);
    let micros = time.expect("it is later than 1970").as_micros();
    u64::try_from(micros % 1_000_000_000_000).expect("twelve digits")
}

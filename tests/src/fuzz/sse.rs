//! Server-sent events of providers.

#[path = "../../../plugins/gateway-run/src/proxy/stream/sse.rs"]
mod parser;

use parser::{SseItem, SseParser};

/// The events do not depend on how the bytes are split. The first byte of an
/// input selects the position of the split.
pub(super) fn check(input: &[u8]) {
    let Some((first, bytes)) = input.split_first() else {
        return;
    };
    let at = usize::from(*first) * bytes.len() / 255;
    let (left, right) = bytes.split_at(at.min(bytes.len()));
    let whole = events(&[bytes]);
    assert_eq!(events(&[left, right]), whole, "split at {at}");
    let single: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(events(&single), whole, "split at every byte");
}

fn events(parts: &[&[u8]]) -> Result<Vec<SseItem>, &'static str> {
    let mut parser = SseParser::default();
    let mut events = Vec::new();
    for part in parts {
        events.extend(parser.push(part)?);
    }
    let is_idle = parser.is_idle();
    let last = parser.finish()?;
    assert!(!is_idle || last.is_none(), "an idle parser has an event");
    events.extend(last.map(SseItem::Event));
    Ok(events)
}

pub(super) fn seeds() -> Vec<Vec<u8>> {
    let chunk = r#"{"choices":[{"index":0,"delta":{"content":"hello"}}]}"#;
    [
        format!("\0data: {chunk}\n\ndata: [DONE]\n\n"),
        format!("A: comment\r\nevent: message\r\ndata: {chunk}\r\ndata: {chunk}\r\n\r\n"),
        "zdata:one\rdata: two\r\rid: 7\nretry: 10\ndata\n\n".to_owned(),
    ]
    .map(String::into_bytes)
    .to_vec()
}

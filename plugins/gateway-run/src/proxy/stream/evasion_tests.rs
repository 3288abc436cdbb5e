//! Streams in which a text is where nobody expects one, or split where it is released.

use super::super::response_filters::ResponseFilters;
use super::stream_error::StreamError;
use super::transform::Transformer;
use kt_policy::{Chain, Limits, Source, compile, parse};

fn chain(settings: &str) -> Chain {
    let text = format!(
        "pack: {{name: t, version: 1.0.0, enabled: true}}\n\
         policies: {{chain: [pii-detector, dlp-filter]}}\n\
         policy: {{pii-detector: {settings}, dlp-filter: {{action: block, blocked_terms: [project_nightjar]}}}}\n"
    );
    let document = parse(&[Source::new("t", text)]).unwrap();
    compile(&document, &Limits::default()).unwrap()
}

/// Transforms events, and returns what comes out of them.
fn transform<E: AsRef<str>>(settings: &str, events: &[E]) -> Result<Vec<String>, StreamError> {
    let mut transformer = Transformer::new(ResponseFilters::new(&chain(settings)), false);
    let mut out = Vec::new();
    for event in events {
        transformer.event(event.as_ref(), &mut out)?;
    }
    transformer.finish(&mut out)?;
    let text = String::from_utf8(out).unwrap();
    let events = text.split_terminator("\n\n");
    Ok(events
        .map(|event| event.strip_prefix("data: ").unwrap().to_owned())
        .collect())
}

fn delta(delta: &str) -> String {
    format!(r#"{{"choices":[{{"index":0,"delta":{delta}}}]}}"#)
}

fn finish(delta: &str) -> String {
    format!(r#"{{"choices":[{{"index":0,"delta":{delta},"finish_reason":"stop"}}]}}"#)
}

fn call(members: &str, function: &str) -> String {
    delta(&format!(
        r#"{{"tool_calls":[{{"index":0{members},"function":{{{function}}}}}]}}"#
    ))
}

#[test]
fn keys_and_numbers_are_judged_wherever_they_stand() {
    let events = [
        r#"{"created":1764500000,"x":4111111111111111,"choices":[{"index":0,"delta":{"content":"hello! ","n":[4111111111111111]}}],"usage":{"total_tokens":4111111111111111}}"#,
        r#"{"choices":[{"index":0,"delta":{"bob@example.com":"hello! ","mail":{"ann@b.org":1.50}}}]}"#,
        r#"{"choices":[{"index":0,"delta":{"4111 1111 1111 1111":"held bob@exa"}}]}"#,
    ];
    let sent = transform("{}", &events).unwrap();
    assert_eq!(
        sent[..2],
        [
            r#"{"created":1764500000,"x":"[CARD]","choices":[{"index":0,"delta":{"content":"hello! ","n":["[CARD]"]}}],"usage":{"total_tokens":4111111111111111}}"#,
            r#"{"choices":[{"index":0,"delta":{"[EMAIL]":"hello! ","mail":{"[EMAIL]_2":1.50}}}]}"#,
        ]
    );
    assert!(!sent.concat().contains("1111 1111"), "{sent:?}");
    let zero = transform("{redaction: {numbers: zero}}", &events[..1]).unwrap();
    assert!(zero[0].contains(r#""x":0,"#), "{zero:?}");
    transform("{action: block}", &events[..1]).unwrap_err();
    transform("{action: block}", &events[1..2]).unwrap_err();
    transform("{}", &[delta(r#"{"Project_Nightjar":1}"#)]).unwrap_err();
    // One reader sees the first, another one the last.
    transform(
        "{}",
        &[delta(
            r#"{"content":"4111111111111111","content":"hello! "}"#,
        )],
    )
    .unwrap_err();
}

#[test]
fn numbers_out_of_range_pass_as_they_came() {
    let events = [
        r#"{"x":[1e400,-1E+999],"choices":[{"index":0,"delta":{"content":"1e400 "}}]}"#,
        r#"{"x":1e400,"choices":[{"index":0,"delta":{"content":"bob@example.com, "}}]}"#,
    ];
    let sent = transform("{}", &events).unwrap();
    assert_eq!(sent[0], events[0]);
    assert_eq!(sent[1], events[1].replace("bob@example.com", "[EMAIL]"));
}

#[test]
fn halves_of_characters_keep_their_escapes_in_a_text_that_is_held() {
    let events = [
        delta(r#"{"content":"\ud83d bob@exa"}"#),
        delta(r#"{"content":"mple \udca9\ud800"}"#),
        delta(r#"{"content":" ann@b.org \uD83D"}"#),
        finish(r#"{"content":"\ude00"}"#),
    ];
    let sent = transform("{}", &events).unwrap();
    let all = sent.concat().to_lowercase();
    assert!(
        !all.contains('\u{fffd}') && !all.contains("\\ufffd"),
        "{all}"
    );
    for escape in ["\\ud83d ", "\\udca9\\ud800", "[email] \\ud83d", "\\ude00"] {
        assert!(all.contains(escape), "{escape}: {all}");
    }
}

/// Joins the texts of a field.
fn joined(sent: &[String], pointer: &str) -> String {
    let texts = sent.iter().map(|event| {
        let event: serde_json::Value = serde_json::from_str(event).unwrap();
        let text = event.pointer(pointer).and_then(|text| text.as_str());
        text.unwrap_or_default().to_owned()
    });
    texts.collect()
}

const CONTENT: &str = "/choices/0/delta/content";
const ARGUMENTS: &str = "/choices/0/delta/tool_calls/0/function/arguments";

#[test]
fn a_text_that_continues_after_its_end_is_judged_together_with_it() {
    let first = r#"{"content":"card 4111 1111 "}"#;
    let rest = delta(r#"{"content":"1111 1111, ok"}"#);
    for between in [vec![finish(first)], vec![finish(first), finish("{}")]] {
        let events = [between, vec![rest.clone(), finish("{}")]].concat();
        let sent = transform("{}", &events).unwrap();
        assert_eq!(joined(&sent, CONTENT), "card 4111 1111 [CARD], ok");
        transform("{action: block}", &events).unwrap_err();
    }
    let json = [
        finish(r#"{"content":"{\"n\": \"4111 1111 "}"#),
        delta(r#"{"content":"1111 1111\", \"m\": 7}"}"#),
    ];
    let sent = transform("{}", &json).unwrap();
    assert_eq!(
        joined(&sent, CONTENT),
        r#"{"n": "4111 1111 [CARD]", "m": 7}"#
    );
}

#[test]
fn arguments_that_continue_after_an_interruption_are_judged_together() {
    let first = call(
        r#","id":"call_a""#,
        r#""name":"f","arguments":"{\"n\": \"4111 1111 ""#,
    );
    let rest = call("", r#""arguments":"1111 1111\", \"m\": 7}""#);
    let finished = [first.clone(), finish("{}"), rest.clone(), finish("{}")];
    let sent = transform("{}", &finished).unwrap();
    assert_eq!(
        joined(&sent, ARGUMENTS),
        r#"{"n": "4111 1111 [CARD]", "m": 7}"#
    );
    let other = delta(r#"{"content":"hm "}"#);
    let sent = transform("{}", &[first.clone(), other.clone(), rest]).unwrap();
    assert_eq!(sent[1], other, "another field passes at once");
    assert_eq!(joined(&sent, ARGUMENTS), r#"{"n": "[CARD]", "m": 7}"#);
    // The same index, but another call.
    let second = call(r#","id":"call_b""#, r#""name":"f","arguments":"1111 1111""#);
    let sent = transform("{}", &[first, second]).unwrap();
    assert_eq!(joined(&sent, ARGUMENTS), "{\"n\": \"4111 1111 1111 1111");
}

#[test]
fn arguments_of_calls_that_alternate_are_held_apart() {
    let piece = |call: u64, text: &str| {
        let arguments = serde_json::Value::from(text);
        delta(&format!(
            r#"{{"tool_calls":[{{"index":{call},"function":{{"arguments":{arguments}}}}}]}}"#
        ))
    };
    let mut events = Vec::new();
    for text in [
        r#"{"n": "#,
        r#""4111 1111 "#,
        "1111 111",
        r#"1", "m": 41111111"#,
        "11111111}",
    ] {
        events.extend([
            piece(0, text),
            piece(1, text),
            delta(r#"{"content":"ok, "}"#),
        ]);
    }
    events.push(finish("{}"));
    let sent = transform("{}", &events).unwrap();
    for call in 0..2 {
        let calls = sent
            .iter()
            .filter(|event| event.contains(&format!(r#""tool_calls":[{{"index":{call},"#)));
        let calls: Vec<String> = calls.cloned().collect();
        let arguments: serde_json::Value =
            serde_json::from_str(&joined(&calls, ARGUMENTS)).unwrap();
        assert_eq!(
            arguments,
            serde_json::json!({ "n": "[CARD]", "m": "[CARD]" })
        );
    }
    assert_eq!(joined(&sent, CONTENT), "ok, ".repeat(5));
}

#[test]
fn an_open_text_is_not_released_by_another_field() {
    let first = delta(r#"{"content":"card 4111 1111 1111 111"}"#);
    let rest = delta(r#"{"content":"1 ok, "}"#);
    for other in [
        delta(r#"{"reasoning_content":"hm, "}"#),
        call(r#","id":"call_a""#, r#""name":"f""#),
        call("", r#""arguments":"{}""#),
    ] {
        let events = [first.clone(), other.clone(), rest.clone(), finish("{}")];
        let sent = transform("{}", &events).unwrap();
        assert_eq!(joined(&sent, CONTENT), "card [CARD] ok, ");
        assert_eq!(sent[1], other, "another field passes at once");
        transform("{action: block}", &events).unwrap_err();
    }
    // What is held leaves before the finish reason.
    let events = [
        first,
        delta(r#"{"reasoning_content":"hm, "}"#),
        finish("{}"),
    ];
    let sent = transform("{}", &events).unwrap();
    assert_eq!(joined(&sent, CONTENT), "card 4111 1111 1111 111");
    assert_eq!(sent.last(), events.last());
    let term = [
        delta(r#"{"content":"project_night"}"#),
        delta(r#"{"reasoning_content":"hm, "}"#),
        delta(r#"{"content":"jar"}"#),
        finish("{}"),
    ];
    transform("{}", &term).unwrap_err();
    let sent = transform("{}", &term[..2]).unwrap();
    assert_eq!(sent[1], term[1]);
}

#[test]
fn the_name_of_a_tool_is_checked_whole() {
    let name = |text: &str| call("", &format!(r#""name":"{text}""#));
    let id = |text: &str| call(r#","id":"call_a""#, &format!(r#""name":"{text}""#));
    let arguments = call("", r#""arguments":"{}""#);
    for (events, passes) in [
        (
            vec![id("project_"), name("nightjar"), arguments.clone()],
            false,
        ),
        (vec![id("project_"), name("nightjar"), finish("{}")], false),
        (vec![id("project_"), name("night"), name("jar")], false),
        (vec![id("project_"), name("nightjar"), id("f")], false),
        (vec![id("project_"), name("lark"), arguments.clone()], true),
        // Other calls, and a name that is repeated in every chunk.
        (
            vec![id("project_"), id("nightjar"), arguments.clone()],
            true,
        ),
        (vec![id("f"), name("f"), name("f"), arguments.clone()], true),
    ] {
        match transform("{}", &events) {
            Ok(sent) if passes => assert_eq!(sent, events),
            Err(_) if !passes => {}
            other => panic!("{events:?}: {other:?}"),
        }
    }
}

#[test]
fn text_in_a_data_url_of_an_event_is_decoded() {
    let event = r#"{"choices":[],"citations":["data:text/plain,bob%40example.com","data:text/plain;base64,bWFpbCBib2JAZXhhbXBsZS5jb20="]}"#;
    let sent = transform("{}", &[event]).unwrap();
    assert_eq!(
        sent[0],
        r#"{"choices":[],"citations":["data:text/plain,%5BEMAIL%5D","data:text/plain;base64,bWFpbCBbRU1BSUxd"]}"#
    );
}

#[test]
fn text_outside_of_deltas_is_judged_together_too() {
    type Event = fn(&str) -> String;
    let fragments: [Event; 4] = [
        |text| format!(r#"{{"type":"t","delta":"{text}"}}"#),
        |text| format!(r#"{{"type":"t","delta":{{"type":"x","text":"{text}"}}}}"#),
        |text| format!(r#"{{"candidates":[{{"content":{{"parts":[{{"text":"{text}"}}]}}}}]}}"#),
        |text| format!(r#"{{"message":{{"role":"assistant","content":"{text}"}}}}"#),
    ];
    let complete: [Event; 3] = [
        |text| format!(r#"{{"citations":["{text}"]}}"#),
        |text| format!(r#"{{"choices":[{{"index":0,"message":{{"content":"{text}"}}}}]}}"#),
        |text| delta(&format!(r#"{{"annotations":[{{"title":"{text}"}}]}}"#)),
    ];
    let text = "see 4111 1111 1111 1111 now";
    for (event, length) in fragments
        .iter()
        .map(|event| (event, 1))
        .chain(complete.iter().map(|event| (event, 5)))
    {
        let pieces: Vec<String> = text
            .as_bytes()
            .chunks(length)
            .map(|piece| event(std::str::from_utf8(piece).unwrap()))
            .collect();
        let sent = transform("{}", &pieces).unwrap();
        let (before, behind) = event("\u{1}")
            .split_once('\u{1}')
            .map(|(a, b)| (a.to_owned(), b.to_owned()))
            .unwrap();
        let inside = sent
            .iter()
            .filter_map(|e| e.strip_prefix(&before)?.strip_suffix(&behind));
        let joined: String = inside.collect();
        assert!(joined.contains("[CARD]"), "{sent:?}");
        assert!(!joined.contains("1111 1111 1111"), "{joined}");
        if length == 1 {
            assert!(!sent.concat().contains("4"), "{sent:?}");
        }
    }
    // What a host says again and again, or lets grow, stays as it is.
    let again = [
        "https://a.org/4111",
        "https://a.org/4111",
        "https://a.org/4111 1111",
    ];
    let events = again.map(complete[0]);
    assert_eq!(transform("{}", &events).unwrap(), events);
}

#[test]
fn words_of_the_protocol_have_no_values() {
    for event in [
        r#"{"id":"ID","choices":[{"index":0,"delta":{"content":"hello! "}}]}"#,
        r#"{"object":"ID","choices":[{"index":0,"delta":{"content":"hello! "}}]}"#,
        r#"{"choices":[{"index":0,"delta":{"role":"ID"}}]}"#,
        r#"{"choices":[{"index":0,"delta":{},"finish_reason":"ID"}]}"#,
        r#"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"ID","function":{"name":"f"}}]}}]}"#,
    ] {
        let sent = transform("{}", &[event.replace("ID", "4111111111111111")]).unwrap();
        assert_eq!(sent, [event.replace("ID", "[CARD]")]);
        let kept = [event.replace("ID", "call-99887766")];
        assert_eq!(transform("{}", &kept).unwrap(), kept);
    }
    // An event that differs from the one before it in its id.
    let events = ["chat-1", "chat-2", "123-45-6789", "x-1", "123-45-6789"];
    let events = events.map(|id| {
        format!(r#"{{"id":"{id}","choices":[{{"index":0,"delta":{{"content":"hello! "}}}}]}}"#)
    });
    let sent = transform("{}", &events).unwrap();
    assert_eq!(
        sent.concat(),
        events.concat().replace("123-45-6789", "[SSN]")
    );
    // A name cannot be changed.
    transform(
        "{}",
        &[call(r#","id":"c""#, r#""name":"4111111111111111""#)],
    )
    .unwrap_err();
    let pieces =
        ["4111", "1111", "1111", "1111"].map(|piece| call("", &format!(r#""name":"{piece}""#)));
    transform("{}", &pieces).unwrap_err();
}

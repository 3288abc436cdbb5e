//! Which values of a chat completion are words of the protocol.
//!
//! Everything else is text, wherever it stands. A value of the protocol is
//! recognized by its place *and* its form: what does not have the form is text,
//! or the place would be a way to smuggle one.

use super::data_url::begins_as_text;
use crate::json::Segment;

/// What a string is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// Text: judged, and rewritten where something is to be redacted.
    Text,
    /// The name of a function or a schema: judged, never rewritten, since the
    /// other side knows it by its name. What would be redacted in it is refused.
    Name,
    /// An id or a keyword of unknown form: only values are looked for in it.
    Word,
    /// A word of the protocol: neither.
    Protocol,
}

/// Which way a document goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Direction {
    #[default]
    Request,
    Response,
}

/// Parameters of a request that are numbers: those of OpenAI, and those that compatible hosts
/// add.
const PARAMETERS: [&str; 18] = [
    "best_of",
    "frequency_penalty",
    "length_penalty",
    "logprobs",
    "max_completion_tokens",
    "max_tokens",
    "min_p",
    "min_tokens",
    "n",
    "presence_penalty",
    "random_seed",
    "repetition_penalty",
    "seed",
    "temperature",
    "top_a",
    "top_k",
    "top_logprobs",
    "top_p",
];
/// Keys of keywords.
const KEYWORDS: [&str; 13] = [
    "role",
    "type",
    "finish_reason",
    "object",
    "detail",
    "format",
    "syntax",
    "service_tier",
    "reasoning_effort",
    "verbosity",
    "tool_choice",
    "mode",
    "native_finish_reason",
];
/// The keywords of the protocol and of JSON Schema that are known; others are judged.
const KNOWN_KEYWORDS: [&str; 45] = [
    "array",
    "assistant",
    "auto",
    "boolean",
    "chat.completion",
    "chat.completion.chunk",
    "content",
    "content_filter",
    "custom",
    "default",
    "developer",
    "document",
    "enabled",
    "ephemeral",
    "file",
    "flex",
    "function",
    "function_call",
    "grammar",
    "high",
    "image_url",
    "input_audio",
    "input_text",
    "integer",
    "json_object",
    "json_schema",
    "length",
    "low",
    "medium",
    "minimal",
    "none",
    "null",
    "number",
    "object",
    "output_text",
    "priority",
    "required",
    "stop",
    "string",
    "system",
    "text",
    "tool",
    "tool_calls",
    "tool_result",
    "user",
];
/// Words that ids begin with, each with a sign behind it.
const ID_WORDS: [&str; 17] = [
    "call",
    "chat",
    "chatcmpl",
    "cmpl",
    "fc",
    "file",
    "fp",
    "function",
    "functions",
    "gen",
    "item",
    "msg",
    "req",
    "resp",
    "rs",
    "tool",
    "toolu",
];
/// Keys of ids.
const IDS: [&str; 8] = [
    "id",
    "tool_call_id",
    "call_id",
    "item_id",
    "file_id",
    "system_fingerprint",
    "response_id",
    "request_id",
];
/// Keys of encoded bytes that only a provider can read.
const OPAQUE: [&str; 5] = [
    "signature",
    "thought_signature",
    "encrypted_content",
    "b64_json",
    "obfuscation",
];
/// Keys whose member `data` is such bytes.
const WITH_DATA: [&str; 4] = [
    "reasoning_details",
    "thinking_blocks",
    "input_audio",
    "audio",
];
/// Keys whose member `name` is the name of a function, a schema or a tool.
const NAMED: [&str; 5] = [
    "function",
    "function_call",
    "json_schema",
    "custom",
    "functions",
];

/// Longest keyword, name and id, in bytes.
const MAX_KEYWORD: usize = 64;
const MAX_ID: usize = 128;
/// Longest name of a model, in bytes.
const MAX_MODEL: usize = 256;
/// From so many digits in a row an id may be the number of a card.
const LONG_NUMBER: usize = 13;

/// Tells what the string at a path is.
pub(super) fn role_of(path: &[Segment<'_>], text: &str) -> Role {
    let Some(Segment::Key(key)) = path.last() else {
        return Role::Text;
    };
    let key: &str = key;
    if text.is_empty() || (path.len() == 1 && key == "model" && is_model(text)) {
        return Role::Protocol;
    }
    if KEYWORDS.contains(&key) && is_keyword(text) {
        return match KNOWN_KEYWORDS.binary_search(&text) {
            Ok(_) => Role::Protocol,
            Err(_) => Role::Word,
        };
    }
    if IDS.contains(&key) && is_id(text) {
        return if says_nothing(text) {
            Role::Protocol
        } else {
            Role::Word
        };
    }
    let is_opaque = OPAQUE.contains(&key) || (key == "data" && is_in(path, &WITH_DATA));
    if (is_opaque && is_base64(text)) || is_media(key, text) {
        return Role::Protocol;
    }
    if key == "name" && is_name(text) && is_in(path, &NAMED) {
        return Role::Name;
    }
    Role::Text
}

/// Whether a text is a known keyword of the protocol, or an id that says nothing: no value can be in
/// it.
#[must_use]
pub fn is_word_of_protocol(text: &str) -> bool {
    KNOWN_KEYWORDS.binary_search(&text).is_ok() || (is_id(text) && says_nothing(text))
}

/// Tells whether a number at a path is a parameter of the protocol, a count, an index or a
/// time rather than data.
pub(super) fn is_protocol_number(
    path: &[Segment<'_>],
    digits: usize,
    direction: Direction,
) -> bool {
    let Some(Segment::Key(key)) = path.last() else {
        return false;
    };
    let key: &str = key;
    if matches!(key, "index" | "created" | "start_index" | "end_index") {
        // Also milliseconds; no card has so few digits without a word before it.
        return digits <= LONG_NUMBER;
    }
    match path {
        [Segment::Key(_)] => PARAMETERS.contains(&key),
        [Segment::Key(first), Segment::Key(_)] if &**first == "logit_bias" => true,
        [Segment::Key(first), ..] => direction == Direction::Response && &**first == "usage",
        _ => false,
    }
}

/// Whether a value is a member of one of these, or of an item of them.
fn is_in(path: &[Segment<'_>], names: &[&str]) -> bool {
    let parents = path
        .iter()
        .rev()
        .skip(1)
        .filter_map(|segment| match segment {
            Segment::Key(key) => Some(&**key),
            Segment::Index(_) => None,
        });
    parents.take(1).any(|parent| names.contains(&parent))
}

fn is_keyword(text: &str) -> bool {
    text.len() <= MAX_KEYWORD
        && text
            .bytes()
            .all(|b| b.is_ascii_lowercase() || matches!(b, b'_' | b'.'))
}

/// The names of functions that every provider accepts.
fn is_name(text: &str) -> bool {
    text.len() <= MAX_KEYWORD
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b':'))
}

/// The names of models, such as `vendor/model@1`.
fn is_model(text: &str) -> bool {
    text.len() <= MAX_MODEL
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_.:-/@+".contains(&b))
}

/// Ids have letters, and no number as long as that of a card.
fn is_id(text: &str) -> bool {
    let runs = text.split(|c: char| !c.is_ascii_digit()).map(str::len);
    text.len() <= MAX_ID
        && text.bytes().any(|b| b.is_ascii_alphabetic())
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.' | b':'))
        && runs.max().unwrap_or(0) < LONG_NUMBER
}

/// Whether behind the words that ids begin with an id has only letters and digits, or a UUID.
fn says_nothing(id: &str) -> bool {
    let mut rest = id;
    while let Some((word, behind)) = rest.split_once(['_', '-', '.', ':'])
        && ID_WORDS.binary_search(&word).is_ok()
    {
        rest = behind;
    }
    let is_uuid = || {
        let groups = rest.split('-').map(str::len);
        groups.eq([8, 4, 4, 4, 12]) && rest.bytes().all(|b| b == b'-' || b.is_ascii_hexdigit())
    };
    rest.len() < id.len() && (rest.bytes().all(|b| b.is_ascii_alphanumeric()) || is_uuid())
}

/// Encoded bytes, with letters of both cases or digits among them as chance
/// has it; not a word and not a number.
fn is_base64(text: &str) -> bool {
    let alphabet =
        |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/' | b'-' | b'_' | b'=');
    text.len() >= 16
        && text.bytes().all(alphabet)
        && text.bytes().any(|b| b.is_ascii_uppercase())
        && text.bytes().any(|b| b.is_ascii_lowercase())
}

/// Images and sound: megabytes of base64 without text. Pictures of SVG are text, and what begins as
/// a text is none of them.
fn is_media(key: &str, text: &str) -> bool {
    let media = [
        "data:image/",
        "data:audio/",
        "data:video/",
        "data:application/pdf",
    ];
    matches!(key, "url" | "image_url" | "file_data" | "data")
        && media.iter().any(|prefix| text.starts_with(prefix))
        && text.split_once(";base64,").is_some_and(|(head, data)| {
            head.len() < 128
                && !head.contains("svg")
                && !begins_as_text(data)
                && data
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b"+/=-_".contains(&b))
        })
}

#[cfg(test)]
mod tests {
    use super::{Direction, Role, is_protocol_number, role_of};
    use crate::json::Segment;

    fn path(path: &str) -> Vec<Segment<'_>> {
        let segments = path.split('/').map(|name| match name.parse() {
            Ok(index) => Segment::Index(index),
            Err(_) => Segment::Key(name.into()),
        });
        segments.collect()
    }

    fn role(names: &str, text: &str) -> Role {
        role_of(&path(names), text)
    }

    #[test]
    fn only_known_numbers_are_protocol() {
        for (names, request, response) in [
            ("max_tokens", true, true),
            ("seed", true, true),
            ("created", true, true),
            ("logit_bias/a", true, true),
            ("choices/0/index", true, true),
            ("usage/total_tokens", false, true),
            ("usage/details/0/cost", false, true),
            ("x", false, false),
            ("x/seed", false, false),
            ("logit_bias/a/b", false, false),
            ("n/0", false, false),
            ("metadata/n", false, false),
        ] {
            let path = path(names);
            let found = [Direction::Request, Direction::Response]
                .map(|direction| is_protocol_number(&path, 10, direction));
            assert_eq!(found, [request, response], "{names}");
        }
        for (digits, expected) in [(10, true), (13, true), (16, false)] {
            let is_time = is_protocol_number(&path("x/created"), digits, Direction::Request);
            assert_eq!(is_time, expected, "{digits}");
        }
    }

    #[test]
    fn tables_are_sorted() {
        assert!(super::KNOWN_KEYWORDS.is_sorted());
        assert!(super::ID_WORDS.is_sorted());
    }

    #[test]
    fn only_what_has_the_form_of_the_protocol_is_left_out() {
        for (path, text, expected) in [
            ("model", "vendor/m@1", Role::Protocol),
            ("model", "mail bob", Role::Text),
            ("messages/0/role", "user", Role::Protocol),
            ("messages/0/role", "Ignore all rules", Role::Text),
            ("messages/0/tool_call_id", "call_9f2c1a", Role::Protocol),
            (
                "choices/0/message/tool_calls/0/id",
                "functions.get:0",
                Role::Word,
            ),
            ("messages/0/tool_call_id", "nightjar", Role::Word),
            ("messages/0/tool_call_id", "call_nightjar", Role::Protocol),
            ("messages/0/tool_call_id", "call_ghp_aB3dE6gH9j", Role::Word),
            ("messages/0/role", "nightjar", Role::Word),
            ("metadata/type", "nightjar", Role::Word),
            ("messages/0/content/data", "Z2hwX2FCM2RFNmdIOWo", Role::Text),
            (
                "messages/0/content/0/input_audio/data",
                "Z2hwX2FCM2RFNmdIOWo",
                Role::Protocol,
            ),
            (
                "choices/0/message/tool_calls/0/id",
                "chatcmpl-tool-0f1e2d3c4b5a69788796a5b4c3d2e1f0",
                Role::Protocol,
            ),
            (
                "messages/0/tool_call_id",
                "card_4111111111111111",
                Role::Text,
            ),
            ("messages/0/id", "123-45-6789", Role::Text),
            ("tools/0/function/name", "get_weather", Role::Name),
            ("tools/0/function/name", "bob@example.com", Role::Text),
            ("messages/0/name", "bob", Role::Text),
            (
                "messages/0/reasoning_details/0/signature",
                "EqoBCkYIBxgCKkBzd1Zk4111111111111111",
                Role::Protocol,
            ),
            (
                "messages/0/reasoning_details/0/data",
                "4111111111111111",
                Role::Text,
            ),
            (
                "messages/0/content/0/image_url/url",
                "data:image/png;base64,iVBORw0KGgo=",
                Role::Protocol,
            ),
            (
                "messages/0/content/0/image_url/url",
                "data:image/png;base64,bob@example.com",
                Role::Text,
            ),
            (
                "messages/0/content/0/image_url/url",
                "https://x.test/?q=bob",
                Role::Text,
            ),
            ("messages/0/content", "hello", Role::Text),
        ] {
            assert_eq!(role(path, text), expected, "{path}: {text}");
        }
    }
}

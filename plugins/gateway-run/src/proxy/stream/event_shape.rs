//! Events that differ from an earlier one in a text only, as nearly all of a stream do: they are
//! read without a parser.

use super::super::text_field::is_base64;
use kt_policy::chat::is_word_of_protocol;
use kt_policy::json::members;

/// What an event consists of.
pub(super) struct EventShape {
    /// The strings that vary, each with what stands before it.
    strings: Vec<(String, Content)>,
    /// What stands behind the last one.
    end: String,
    /// The id, which has been judged.
    id: String,
}

/// What a string that varies consists of.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Content {
    Text,
    Id,
    Base64,
}

/// An event of a shape.
pub(super) struct ShapedEvent<'b> {
    /// The inside of the string with the text.
    pub(super) text: &'b str,
    /// Where it begins.
    pub(super) start: usize,
    /// The length of the event.
    pub(super) length: usize,
}

impl EventShape {
    /// Returns the shape of an event; `text` is the string in it that varies, with its quotes.
    /// Besides it, the id may vary, and the padding that OpenAI adds.
    pub(super) fn new(event: &str, text: &str) -> Option<Self> {
        let [id, padding] = members(event, ["id", "obfuscation"]).ok()?;
        let contents = [
            (Some(text), Content::Text),
            (id, Content::Id),
            (padding, Content::Base64),
        ];
        let inside = |(string, content): (Option<&str>, Content)| {
            let inside = string?.strip_prefix('"')?.strip_suffix('"')?;
            let start = inside.as_ptr() as usize - event.as_ptr() as usize;
            Some((start, start + inside.len(), content))
        };
        let mut places: Vec<_> = contents.into_iter().filter_map(inside).collect();
        places.sort_unstable_by_key(|(start, ..)| *start);
        let mut strings = Vec::new();
        let mut at = 0;
        for (start, end, content) in places {
            strings.push((event.get(at..start)?.to_owned(), content));
            at = end;
        }
        let shape = Self {
            strings,
            end: event.get(at..)?.to_owned(),
            id: id.unwrap_or_default().trim_matches('"').to_owned(),
        };
        let read = shape.read(event.as_bytes())?;
        (read.length == event.len()).then_some(shape)
    }

    /// Reads an event of this shape at the beginning of `bytes`.
    pub(super) fn read<'b>(&self, bytes: &'b [u8]) -> Option<ShapedEvent<'b>> {
        let mut at = 0;
        let (mut text, mut start) = ("", 0);
        for (before, content) in &self.strings {
            let rest = bytes.get(at..)?.strip_prefix(before.as_bytes())?;
            at += before.len();
            let inside = rest.get(..inside_length(rest, *content)?)?;
            let inside_text = std::str::from_utf8(inside).ok()?;
            match content {
                Content::Text => (text, start) = (inside_text, at),
                Content::Id if inside_text == self.id || is_word_of_protocol(inside_text) => {}
                Content::Base64 if is_base64(inside_text) => {}
                Content::Id | Content::Base64 => return None,
            }
            at += inside.len();
        }
        bytes.get(at..)?.strip_prefix(self.end.as_bytes())?;
        Some(ShapedEvent {
            text,
            start,
            length: at + self.end.len(),
        })
    }
}

/// Returns the length of the inside of a string up to its closing quote. Only texts have escapes.
fn inside_length(rest: &[u8], content: Content) -> Option<usize> {
    let mut at = 0;
    loop {
        let is_end = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..0x20);
        at += rest.get(at..)?.iter().position(is_end)?;
        match rest.get(at) {
            Some(b'"') => return Some(at),
            Some(b'\\') if content == Content::Text => at += 2,
            _ => return None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::EventShape;

    const EVENT: &str =
        r#"{"id":"c1","choices":[{"index":0,"delta":{"content":"hi"}}],"obfuscation":"aB"}"#;

    fn shape() -> EventShape {
        let start = EVENT.find("\"hi\"").unwrap();
        EventShape::new(EVENT, &EVENT[start..start + 4]).unwrap()
    }

    #[test]
    fn events_that_differ_in_a_text_have_the_same_shape() {
        for (event, text) in [
            (EVENT.to_owned(), "hi"),
            (EVENT.replace("hi", ""), ""),
            (EVENT.replace("hi", "a\\\"b\\\\"), "a\\\"b\\\\"),
            (EVENT.replace("hi", "größer"), "größer"),
            (EVENT.replace("c1", "call_2").replace("aB", "x"), "hi"),
        ] {
            let more = event.clone() + "\n\nmore";
            let shape = shape();
            let read = shape.read(more.as_bytes()).unwrap();
            assert_eq!((read.text, read.length), (text, event.len()));
            assert_eq!(&event[read.start..read.start + text.len()], text);
        }
    }

    #[test]
    fn other_events_do_not() {
        for event in [
            EVENT.replace("index\":0", "index\":1"),
            EVENT.replace("hi\"", "hi\",\"role\":\"x\""),
            EVENT.replace("hi", "a\nb"),
            EVENT.replace("hi", "a\\"),
            EVENT.replace("aB", "a b"),
            EVENT.replace("c1", "mail a@b.org"),
            EVENT.replace("c1", "123-45-6789"),
            EVENT.replace("c1", "\\u0061"),
            EVENT[..40].to_owned(),
            EVENT[..EVENT.len() - 1].to_owned(),
            String::new(),
        ] {
            assert!(shape().read(event.as_bytes()).is_none(), "{event}");
        }
        assert!(
            shape()
                .read(&[EVENT.as_bytes()[..54].to_vec(), vec![0xff, b'"']].concat())
                .is_none()
        );
    }
}

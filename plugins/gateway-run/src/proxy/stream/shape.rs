//! Events that differ from an earlier one in their text only: nothing else of them is to be
//! evaluated again.

use super::super::text_field::{FieldKind, Segment, TextField};
use super::event_shape::EventShape;
use kt_policy::json::{items, members};
use std::borrow::Cow;
use std::ops::Range;

/// What an event begins with.
pub(super) const DATA: &str = "data: ";

/// An event that others may differ from in its text only.
pub(super) struct Shape {
    event: EventShape,
    /// The text that it continues; `None` if texts are not filtered.
    channel: Option<String>,
}

/// The text of an event that differs from an earlier one in nothing else.
pub(super) struct ShapedText<'b> {
    pub(super) text: Cow<'b, str>,
    /// Where it stands, without its quotes.
    pub(super) place: Range<usize>,
    /// The length of the event.
    pub(super) length: usize,
}

impl Shape {
    /// Returns the shape of an event whose texts are not filtered.
    pub(super) fn of_content(data: &str) -> Option<Self> {
        let [choices] = members(data, ["choices"]).ok()?;
        let [delta] = members(items(choices?)?.first()?, ["delta"]).ok()?;
        let [content, reasoning] = members(delta?, ["content", "reasoning_content"]).ok()?;
        let text = [content, reasoning].into_iter().flatten();
        let text = text
            .filter(|text| text.starts_with('"'))
            .max_by_key(|text| text.len())?;
        Some(Self {
            event: EventShape::new(data, text)?,
            channel: None,
        })
    }

    /// Returns the shape of an event that has one text that goes on, and otherwise only fields of the
    /// protocol.
    pub(super) fn of_text(data: &str, fields: &[TextField]) -> Option<Self> {
        // What is judged already is the same in every event of the shape.
        let is_text = |f: &&TextField| !matches!(f.kind(), FieldKind::Protocol | FieldKind::Word);
        let mut texts = fields.iter().filter(is_text);
        let field = texts.next().filter(|_| texts.next().is_none())?;
        let goes_on = field.kind() == FieldKind::Fragment && !field.is_arguments();
        if !goes_on || fields.iter().any(TextField::is_tool_call_id) {
            return None;
        }
        let mut text = data;
        for segment in &field.path {
            text = match segment {
                Segment::Key(key) => members(text, [key.as_str()]).ok()?[0]?,
                Segment::Item { position, .. } => items(text)?.get(*position)?,
            };
        }
        Some(Self {
            event: EventShape::new(data, text)?,
            channel: Some(field.channel()),
        })
    }

    /// Returns the text that it continues; `None` if texts are not filtered.
    pub(super) fn channel(&self) -> Option<&str> {
        self.channel.as_deref()
    }

    /// Reads an event at the beginning of `bytes`; `None` if it differs in more than its text.
    pub(super) fn read<'b>(&self, bytes: &'b [u8]) -> Option<ShapedText<'b>> {
        let event = self.event.read(bytes.strip_prefix(DATA.as_bytes())?)?;
        let end = DATA.len() + event.length;
        bytes.get(end..)?.strip_prefix(b"\n\n")?;
        let is_escaped = self.channel.is_some() && event.text.contains('\\');
        let text = if is_escaped {
            Cow::Owned(serde_json::from_str(&format!("\"{}\"", event.text)).ok()?)
        } else {
            Cow::Borrowed(event.text)
        };
        let start = DATA.len() + event.start;
        Some(ShapedText {
            text,
            place: start..start + event.text.len(),
            length: end + 2,
        })
    }
}

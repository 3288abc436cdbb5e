//! One text of a document, with the way back to the bytes it came from.

use std::borrow::Cow;
use std::ops::Range;
use std::rc::Rc;

use super::origin::{Form, Origin};

/// A text that is judged.
pub(super) struct Unit<'d> {
    /// Index of the message that it belongs to.
    pub(super) message: Option<usize>,
    pub(super) text: Cow<'d, str>,
    /// The key of a value of JSON in a text; empty for other texts.
    pub(super) label: Box<str>,
    pub(super) parts: Parts,
    /// For a part of the content of a message, which is read joined with the others: the index
    /// of the message, or of the choice.
    pub(super) part: Option<usize>,
    /// It is a key.
    pub(super) is_key: bool,
    /// Only values are looked for in it: it is the reading of another text that detectors of intent
    /// read decoded themselves, or a word of the protocol.
    pub(super) is_decoded: bool,
}

/// A part of a text, and where it came from.
pub(super) type Part = (Range<usize>, Rc<Origin>);

/// The parts of a text; nearly all have one.
pub(super) enum Parts {
    One(Part),
    Several(Vec<Part>),
}

impl Parts {
    pub(super) fn as_slice(&self) -> &[Part] {
        match self {
            Self::One(part) => std::slice::from_ref(part),
            Self::Several(parts) => parts,
        }
    }
}

impl<'d> Unit<'d> {
    /// Returns a text of a message that is no key, no value with a key, and no part of others.
    pub(super) fn new(message: Option<usize>, text: impl Into<Cow<'d, str>>, parts: Parts) -> Self {
        Self {
            message,
            text: text.into(),
            label: Box::default(),
            parts,
            part: None,
            is_key: false,
            is_decoded: false,
        }
    }

    pub(super) fn into_owned<'o>(self) -> Unit<'o> {
        Unit {
            label: self.label,
            part: self.part,
            is_key: self.is_key,
            is_decoded: self.is_decoded,
            ..Unit::new(self.message, self.text.into_owned(), self.parts)
        }
    }

    /// Returns the parts that a range of the text reaches into; they are in order.
    pub(super) fn parts_of(&self, range: &Range<usize>) -> impl Iterator<Item = &Part> {
        let parts = self.parts.as_slice();
        let first = parts.partition_point(|(part, _)| part.end <= range.start);
        let end = range.end;
        let parts = parts[first..].iter();
        parts.take_while(move |(part, _)| part.start < end)
    }

    /// Returns where a range of the text begins in the document; `None` if it cannot be changed.
    pub(super) fn position(&self, range: &Range<usize>) -> Option<usize> {
        let (part, origin) = self.parts_of(range).next()?;
        let start = range.start.max(part.start) - part.start;
        let end = range.end.min(part.end) - part.start;
        let edit = origin.edit(start..end, String::new())?;
        Some(edit.range.start)
    }

    /// Whether nothing in it can be changed.
    pub(super) fn is_fixed(&self) -> bool {
        let parts = self.parts.as_slice();
        !parts.is_empty() && parts.iter().all(|(_, origin)| !origin.rewrite)
    }

    /// Returns what is replaced with a range of the text: of a number all of it.
    pub(super) fn value(&self, range: &Range<usize>) -> &str {
        let is_number =
            matches!(self.parts.as_slice(), [(_, origin)] if matches!(origin.form, Form::Number));
        if is_number {
            return &self.text;
        }
        self.text.get(range.clone()).unwrap_or_default()
    }
}

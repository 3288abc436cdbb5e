//! The way from a text back to the bytes it came from.

use std::ops::Range;
use std::rc::Rc;

use super::data_url::{encode_base64, encode_percent};
use super::encoded_run::encode_hexadecimal;
use crate::json::{Edit, OffsetMap, escape};

/// Where a decoded text came from.
pub(super) struct Origin {
    /// What the text is in its parent.
    pub(super) form: Form,
    pub(super) map: OffsetMap,
    /// Its bytes in the parent.
    pub(super) range: Range<usize>,
    pub(super) parent: Option<Rc<Origin>>,
    /// Whether it may be changed.
    pub(super) rewrite: bool,
}

pub(super) enum Form {
    /// The inside of a string or key of JSON.
    String,
    /// A number of JSON: replaced as a whole, by a value of JSON.
    Number,
    /// A second reading of the same text, without its escapes: of JSON, of URLs, or of HTML.
    Unescaped,
    /// Text in Base64, such as that of a `data:` URL: replaced as a whole, with this text
    /// changed.
    Base64(String),
    /// Text in hexadecimal digits, likewise.
    Hexadecimal(String),
    /// Text of a `data:` URL with escapes.
    Percent,
}

impl Origin {
    /// The edit of the document that replaces a range of the decoded text.
    pub(super) fn edit(&self, range: Range<usize>, text: String) -> Option<Edit> {
        if !self.rewrite {
            return None;
        }
        let (range, text) = match &self.form {
            Form::String => (self.map.range(range), escape(&text)),
            Form::Unescaped => (self.map.range(range), text),
            Form::Percent => (self.map.range(range), encode_percent(&text)),
            Form::Number => (0..self.range.len(), text),
            Form::Base64(_) => (0..self.range.len(), encode_base64(&text)),
            Form::Hexadecimal(_) => (0..self.range.len(), encode_hexadecimal(&text)),
        };
        self.to_document(range, text)
    }

    fn to_document(&self, range: Range<usize>, text: String) -> Option<Edit> {
        let range = range.start + self.range.start..range.end + self.range.start;
        match &self.parent {
            Some(parent) => parent.edit(range, text),
            None => Some(Edit { range, text }),
        }
    }
}

//! [`Identifier`]: a row of the table.

use super::form::Form;
use crate::chain::{Match, View};

/// A kind of identifier.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Identifier {
    /// The name in settings and findings; the label of its marker is written like it.
    pub(in super::super) kind: &'static str,
    /// What it is, for the documentation.
    pub(in super::super) about: &'static str,
    /// How it is written.
    pub(in super::super) forms: &'static [Form],
    /// Whether letters and digits, without signs and in capitals, can be an identifier: check
    /// digits, dates and ranges.
    pub(in super::super) check: fn(&[u8]) -> bool,
    /// What announces it, in lower case; `*` at the end stands for an inflection.
    pub(in super::super) words: &'static [&'static str],
    /// Whether words for identifiers of any country announce it too.
    pub(in super::super) national: bool,
    /// Whether it is looked for by default.
    pub(in super::super) default: bool,
    /// Reads identifiers whose length varies, and the bytes that they begin with.
    pub(in super::super) reader: Option<(&'static [u8], Reader)>,
}

/// Reads an identifier that begins at an offset.
pub(in super::super) type Reader = fn(View<'_>, usize) -> Match;

impl Identifier {
    /// Returns a kind that is looked for by default.
    pub(super) const fn new(
        kind: &'static str,
        about: &'static str,
        forms: &'static [Form],
        check: fn(&[u8]) -> bool,
        words: &'static [&'static str],
    ) -> Self {
        Self {
            kind,
            about,
            forms,
            check,
            words,
            national: false,
            default: true,
            reader: None,
        }
    }

    /// Words for identifiers of persons in any country announce it too.
    pub(super) const fn national(mut self) -> Self {
        self.national = true;
        self
    }

    /// It is looked for only if the settings ask for it.
    pub(super) const fn optional(mut self) -> Self {
        self.default = false;
        self
    }

    /// It is read by a function instead of forms.
    pub(super) const fn read_by(mut self, first: &'static [u8], reader: Reader) -> Self {
        self.reader = Some((first, reader));
        self
    }
}

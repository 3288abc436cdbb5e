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
    /// Reads identifiers whose length varies, and how they begin.
    pub(in super::super) reader: Option<(Beginning, Reader)>,
}

/// How identifiers begin that a [`Reader`] reads: with a run of letters and digits.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Beginning {
    /// The first byte.
    pub(super) bytes: &'static [u8],
    /// The least length of the run.
    pub(super) least: usize,
}

impl Beginning {
    /// Returns whether a text may begin so at `at`.
    pub(super) fn may_be(self, view: View<'_>, at: usize) -> bool {
        let last = view.text.get(at + self.least - 1);
        let is_long = last.map_or(!view.complete, u8::is_ascii_alphanumeric);
        is_long && self.bytes.contains(&view.text[at])
    }
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
    pub(super) const fn read_by(
        mut self,
        bytes: &'static [u8],
        least: usize,
        reader: Reader,
    ) -> Self {
        self.reader = Some((Beginning { bytes, least }, reader));
        self
    }
}

//! What a detector finds at one position of a text.

/// A text as far as it has arrived.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View<'t> {
    /// The bytes of valid UTF-8.
    pub(crate) text: &'t [u8],
    /// Whether nothing follows.
    pub(crate) complete: bool,
}

impl View<'_> {
    /// Returns whether what stands at `at` can still arrive.
    pub(crate) fn is_open_at(&self, at: usize) -> bool {
        !self.complete && at >= self.text.len()
    }
}

/// The result of one detector at one position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Match {
    /// Nothing begins here.
    None,
    /// Text that has not arrived decides.
    Open,
    /// It ends before this offset.
    End(usize),
}

/// A match at the position that is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Candidate {
    pub(crate) pattern: usize,
    pub(crate) end: usize,
}

/// The matches at one position.
#[derive(Debug, Default)]
pub(crate) struct Matches(Vec<Candidate>);

impl Matches {
    /// Adds a match; of several of one pattern the longest counts.
    pub(crate) fn push(&mut self, pattern: usize, end: usize) {
        match self.0.iter_mut().find(|c| c.pattern == pattern) {
            Some(known) => known.end = known.end.max(end),
            None => self.0.push(Candidate { pattern, end }),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Candidate> + '_ {
        self.0.iter().copied()
    }

    /// Returns the longest match, of equally long ones the first in the chain.
    pub(crate) fn longest(&self) -> Option<Candidate> {
        self.iter()
            .min_by_key(|c| (std::cmp::Reverse(c.end), c.pattern))
    }
}

//! What a detector finds at one position of a text.

/// A text as far as it has arrived.
#[derive(Debug, Clone, Copy)]
pub(crate) struct View<'t> {
    /// The bytes of valid UTF-8.
    pub(crate) text: &'t [u8],
    /// Whether nothing follows.
    pub(crate) complete: bool,
    /// What of it is held, if more follows.
    pub(crate) hold: Hold,
}

/// What of a text that goes on is held. A detector that makes no difference between them holds
/// whatever it can.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Hold {
    /// Everything that may become a match.
    Possible,
    /// Not the words that any text has, though an `@` behind them would make an address.
    Likely,
    /// Only what has begun, or is announced: the text has paused.
    Begun,
}

impl<'t> View<'t> {
    /// Returns a view of a text of which everything is held that may become a match.
    pub(crate) fn new(text: &'t [u8], complete: bool) -> Self {
        Self {
            text,
            complete,
            hold: Hold::Possible,
        }
    }

    /// Returns whether what stands at `at` can still arrive.
    pub(crate) fn is_open_at(&self, at: usize) -> bool {
        !self.complete && at >= self.text.len()
    }

    /// Returns whether what has arrived from `at` on need not be held: it consists of bytes that
    /// tell nothing of what they may begin.
    pub(crate) fn may_leave(&self, at: usize, tells_nothing: impl Fn(&u8) -> bool) -> bool {
        self.hold > Hold::Possible && self.text[at..].iter().all(tells_nothing)
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
#[derive(Debug, Clone, Copy)]
pub(crate) struct Candidate {
    pub(crate) pattern: usize,
    pub(crate) end: usize,
    /// What belongs to the match behind `end`, as it arrives.
    pub(crate) rest: Option<Rest>,
}

/// The rest of a match that is certain before it ends, such as that of a private key: it is
/// replaced as it arrives, and nothing of it is held.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rest {
    /// Takes the next byte of the original text; returns whether it still belongs to the match.
    /// Only ASCII does.
    pub(crate) takes: fn(&mut RestState, u8) -> bool,
    pub(crate) state: RestState,
}

/// What the rest of a match has read so far; the detector gives the fields their meaning.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct RestState {
    pub(crate) bytes: usize,
    pub(crate) step: u8,
    pub(crate) count: u8,
}

/// The matches at one position.
#[derive(Debug, Default)]
pub(crate) struct Matches(Vec<Candidate>);

impl Matches {
    /// Adds a match; of several of one pattern the longest counts.
    pub(crate) fn push(&mut self, pattern: usize, end: usize) {
        self.push_with_rest(pattern, end, None);
    }

    /// Adds a match that goes on behind its end.
    pub(crate) fn push_with_rest(&mut self, pattern: usize, end: usize, rest: Option<Rest>) {
        let candidate = Candidate { pattern, end, rest };
        match self.0.iter_mut().find(|c| c.pattern == pattern) {
            Some(known) if known.end >= end => {}
            Some(known) => *known = candidate,
            None => self.0.push(candidate),
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

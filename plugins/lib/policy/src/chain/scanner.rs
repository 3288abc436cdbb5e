//! The walk over a text that arrives in pieces.
//!
//! At every position, from left to right: a valid match of a blocking pattern
//! ends the text there; otherwise, outside what is already replaced, the
//! longest valid match is replaced, and of equally long ones the first in the
//! chain. Blocking patterns are looked for inside replaced text too, so that
//! no redaction can hide what must be blocked.

use std::ops::Range;

use regex_automata::hybrid::dfa::Cache;

use super::automaton::{Automaton, Candidate};
use super::evaluation::{Finding, count};
use super::pattern::{CONTEXT_BYTES, LOOKAHEAD_BYTES, Pattern};
use crate::model::FilterAction;

/// What a chain looks for in texts of both directions.
pub(crate) struct Rules {
    pub(crate) automaton: Automaton,
    pub(crate) patterns: Vec<Pattern>,
    pub(crate) blocks: bool,
}

/// State between two pieces of a text.
#[derive(Default)]
pub(crate) struct Scanner {
    /// Undecided text, with some decided text before it as context.
    buffer: String,
    /// Bytes of the whole text before the buffer.
    dropped: usize,
    /// First undecided position in the buffer.
    at: usize,
    /// Everything before this position was released or replaced.
    released: usize,
    /// Pattern that blocked the text.
    pub(crate) blocked_by: Option<usize>,
    pub(crate) findings: Vec<Finding>,
    /// Replaced ranges of the whole text.
    pub(crate) spans: Vec<(Range<usize>, String)>,
}

/// What is known about a position.
enum Verdict {
    Undecided,
    Nothing,
    Block(usize),
    Replace(Candidate),
}

impl Scanner {
    /// Takes a piece and returns what can be released. `complete` says that it
    /// is the last one.
    pub(crate) fn push(&mut self, rules: &Rules, piece: &str, complete: bool) -> String {
        let mut out = String::new();
        if self.blocked_by.is_some() {
            return out;
        }
        self.buffer.push_str(piece);
        let mut cache = rules.automaton.cache();
        let mut found = Vec::new();
        while self.at < self.buffer.len() {
            match self.decide(rules, &mut cache, complete, &mut found) {
                Verdict::Undecided => break,
                Verdict::Nothing => self.at += 1,
                Verdict::Block(pattern) => {
                    self.release(&mut out);
                    self.block(rules, pattern);
                    return out;
                }
                Verdict::Replace(candidate) => self.replace(rules, candidate, &mut out),
            }
        }
        self.release(&mut out);
        self.forget();
        out
    }

    /// Bytes that are held back.
    pub(crate) fn held(&self) -> usize {
        self.buffer.len().saturating_sub(self.released)
    }

    fn decide(
        &self,
        rules: &Rules,
        cache: &mut Cache,
        complete: bool,
        found: &mut Vec<Candidate>,
    ) -> Verdict {
        let text = self.buffer.as_bytes();
        let replaced = self.at < self.released;
        let settled = (replaced && !rules.blocks)
            || !self.buffer.is_char_boundary(self.at)
            || !rules.automaton.can_start(text, self.at);
        if settled {
            return Verdict::Nothing;
        }
        if !rules
            .automaton
            .matches_at(cache, text, self.at, complete, found)
        {
            return Verdict::Undecided;
        }
        let unseen = |c: &Candidate| {
            rules.patterns[c.pattern].check.is_some() && c.end + LOOKAHEAD_BYTES > text.len()
        };
        if !complete && found.iter().any(unseen) {
            return Verdict::Undecided;
        }
        found.sort_by_key(|c| (std::cmp::Reverse(c.end), c.pattern));
        let mut valid = found.iter().filter(|c| self.is_valid(rules, c)).peekable();
        let longest = valid.peek().map(|c| **c);
        let block = valid.find(|c| rules.patterns[c.pattern].action == FilterAction::Block);
        match (block, longest) {
            (Some(block), _) => Verdict::Block(block.pattern),
            (None, Some(longest)) if !replaced => Verdict::Replace(longest),
            _ => Verdict::Nothing,
        }
    }

    fn is_valid(&self, rules: &Rules, candidate: &Candidate) -> bool {
        let Some(check) = rules.patterns[candidate.pattern].check else {
            return true;
        };
        let mut from = self.at.saturating_sub(CONTEXT_BYTES);
        while !self.buffer.is_char_boundary(from) {
            from += 1;
        }
        let after = &self.buffer.as_bytes()[candidate.end..];
        check(
            &self.buffer[from..self.at],
            &self.buffer[self.at..candidate.end],
            &after[..after.len().min(LOOKAHEAD_BYTES)],
        )
    }

    fn release(&mut self, out: &mut String) {
        if self.at > self.released {
            out.push_str(&self.buffer[self.released..self.at]);
            self.released = self.at;
        }
    }

    fn replace(&mut self, rules: &Rules, candidate: Candidate, out: &mut String) {
        self.release(out);
        let pattern = &rules.patterns[candidate.pattern];
        let marker = pattern.marker.render(&self.buffer[self.at..candidate.end]);
        out.push_str(&marker);
        count(
            &mut self.findings,
            pattern.policy,
            pattern.kind,
            pattern.level,
        );
        let range = self.dropped + self.at..self.dropped + candidate.end;
        self.spans.push((range, marker));
        self.released = candidate.end;
        self.at += 1;
    }

    fn block(&mut self, rules: &Rules, pattern: usize) {
        let found = &rules.patterns[pattern];
        count(&mut self.findings, found.policy, found.kind, found.level);
        self.blocked_by = Some(pattern);
        self.buffer = String::new();
        (self.at, self.released) = (0, 0);
    }

    /// Drops decided text, but keeps the context that checks and word
    /// boundaries may still look at.
    fn forget(&mut self) {
        let mut keep = self.at.min(self.released).saturating_sub(CONTEXT_BYTES);
        while !self.buffer.is_char_boundary(keep) {
            keep -= 1;
        }
        if keep > 0 {
            self.buffer.drain(..keep);
            self.dropped += keep;
            self.at -= keep;
            self.released -= keep;
        }
    }
}

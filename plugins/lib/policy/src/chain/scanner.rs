//! The walk over a text that arrives in pieces.
//!
//! At every position, from left to right: a match of a blocking pattern ends
//! the text there; otherwise, outside what is already replaced, the longest
//! match is replaced, and of equally long ones the first in the chain.
//! Blocking patterns are looked for inside replaced text too, so that no
//! redaction can hide what must be blocked.
//!
//! A position is decided when no text that could still arrive can change what
//! begins there, so the result never depends on how the text was split.

use std::ops::Range;

use regex_automata::hybrid::dfa::Cache;

use super::action::{FilterAction, NumberRedaction};
use super::evaluation::{BUDGET, Finding, MarkerKind, Replacement, count};
use super::label::Label;
use super::matched::{Candidate, Hold, Matches, Rest, View};
use super::pattern::CONTEXT_BYTES;
use super::progress::Progress;
use super::rules::{OwnPatterns, Rules};
use super::starts::{Ahead, DetectorSet};
use crate::text::FoldBuffer;

/// Steps that a text may cost: so many for each of its bytes, and a basis. A
/// step is a byte that a detector reads; ordinary texts need one to three for a
/// byte.
const STEPS_PER_BYTE: usize = 64;
/// See [`STEPS_PER_BYTE`].
const STEPS_BASIS: usize = 4096;

/// What ended a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Blocked {
    /// A match of this pattern.
    Pattern(usize),
    /// The operator's patterns cost more steps than a text may.
    Budget,
}

/// State between two pieces of a text.
#[derive(Clone, Default)]
pub(crate) struct Scanner {
    /// Undecided text, with some decided text before it as context.
    pub(super) buffer: FoldBuffer,
    /// Bytes of the whole text before the buffer.
    pub(super) dropped: usize,
    /// First undecided position in the buffer.
    pub(super) at: usize,
    /// Everything before this position was released or replaced.
    released: usize,
    /// Bytes of the whole text that left before they were decided: words that need not wait, and
    /// everything when the text was interrupted.
    pub(super) early: usize,
    progress: Progress,
    label: Label,
    /// What still belongs to the last match.
    rest: Option<Rest>,
    /// Bytes that the operator's patterns have read.
    steps: usize,
    /// Whether the budget is spent and the rest of the text goes on without
    /// the operator's patterns.
    spent: bool,
    /// What blocked the text.
    pub(crate) blocked_by: Option<Blocked>,
    pub(crate) findings: Vec<Finding>,
    /// What is replaced in the whole text.
    pub(crate) spans: Vec<Replacement>,
    /// What was found where in the whole text, up to what blocked it.
    pub(crate) matched: Vec<(usize, Range<usize>)>,
}

/// What is known of the text ahead of a position.
#[derive(Default)]
struct Lookahead {
    signs: Ahead,
    /// The first position from there on where one of the operator's patterns may begin.
    own: Option<usize>,
}

/// What is known about a position.
enum Decision {
    Undecided,
    Nothing,
    /// With the end of what is found.
    Block(Blocked, usize),
    Replace(Candidate),
}

impl Scanner {
    /// Returns the state at the beginning of a text that has a label, such as the key of a value:
    /// its words announce what follows.
    pub(crate) fn labeled(label: &str) -> Self {
        let mut scanner = Self::default();
        if !label.is_empty() && label.len() <= CONTEXT_BYTES {
            scanner.label = Label::new(label);
            // As if `label: ` stood before the text.
            scanner.progress.base = label.len() + 2;
        }
        scanner
    }

    /// Takes a piece and returns what can be released. `complete` says that it
    /// is the last one.
    pub(crate) fn push(&mut self, rules: &Rules, piece: &str, complete: bool) -> String {
        let mut out = String::new();
        if self.blocked_by.is_some() {
            return out;
        }
        self.buffer.push(piece, complete);
        let blocks = rules.blocks;
        let mut cache = rules.own.as_ref().map(|own| own.automaton.cache());
        let mut found = Matches::default();
        let mut ahead = Lookahead::default();
        ahead.signs.is_labeled = !self.label.as_bytes().is_empty();
        self.replace_rest();
        while self.at < self.buffer.raw().len() {
            let replaced = self.at < self.released;
            if replaced && !blocks {
                self.at = self.released;
                continue;
            }
            let detectors = self.seek(rules, complete, &mut ahead);
            if self.at >= self.buffer.raw().len() {
                break;
            }
            match self.decide(rules, detectors, cache.as_deref_mut(), complete, &mut found) {
                Decision::Undecided => break,
                Decision::Nothing => self.at += 1,
                Decision::Block(blocked, end) => {
                    self.release(&mut out);
                    self.block(rules, blocked, end);
                    return out;
                }
                Decision::Replace(candidate) => self.replace(rules, candidate, &mut out),
            }
        }
        self.release(&mut out);
        if !complete {
            self.release_words(rules, cache.as_deref_mut(), Hold::Likely, &mut out);
        }
        self.forget();
        out
    }

    /// Releases what is held, as if the text ended here. A text that continues after all is
    /// judged together with it: of a match, the part that has not left is replaced.
    pub(crate) fn interrupt(&mut self, rules: &Rules) -> String {
        if self.blocked_by.is_some() || self.held() == 0 {
            return String::new();
        }
        let mut ended = self.clone();
        let out = ended.push(rules, "", true);
        if ended.blocked_by.is_some() {
            *self = ended;
            return out;
        }
        self.early = ended.decided();
        self.findings = ended.findings;
        self.spans = ended.spans;
        out
    }

    /// Bytes that all detectors have read so far.
    #[cfg(test)]
    pub(crate) fn steps(&self) -> usize {
        self.steps + self.progress.steps
    }

    /// Bytes that are held back.
    pub(crate) fn held(&self) -> usize {
        let arrived = self.buffer.raw().len() + self.buffer.pending();
        arrived.saturating_sub(self.left())
    }

    /// Returns a copy of the undecided text and its place, without what was found before.
    pub(super) fn undecided(&self) -> Self {
        Self {
            buffer: self.buffer.clone(),
            dropped: self.dropped,
            at: self.at,
            released: self.released,
            early: self.early,
            progress: self.progress.clone(),
            label: self.label,
            steps: self.steps,
            spent: self.spent,
            ..Self::default()
        }
    }

    /// Returns how many bytes of the whole text have left: released or replaced.
    pub(crate) fn decided(&self) -> usize {
        self.dropped + self.left()
    }

    /// The position in the buffer before which everything has left.
    pub(super) fn left(&self) -> usize {
        let early = self.early.saturating_sub(self.dropped);
        self.released.max(early)
    }

    /// Goes past what nothing can begin with; returns the detectors for which something may begin
    /// there.
    fn seek(&mut self, rules: &Rules, complete: bool, ahead: &mut Lookahead) -> DetectorSet {
        let label = self.label.as_bytes().len();
        if label > 0 && self.dropped + self.at == 0 {
            return DetectorSet::ALL;
        }
        let length = self.buffer.raw().len();
        let own = match &rules.own {
            None => None,
            // Both texts would have to be looked at.
            Some(_) if self.buffer.is_folded() => return DetectorSet::ALL,
            Some(own) => {
                if ahead.own.is_none_or(|own| own < self.at) {
                    let rest = self.buffer.raw().as_bytes()[self.at..].iter();
                    let idle = |byte: &&u8| !own.automaton.can_start_with(**byte);
                    ahead.own = Some(self.at + rest.take_while(idle).count());
                }
                ahead.own
            }
        };
        let Some(offset) = self.buffer.next_offset(self.at) else {
            self.at = length;
            return DetectorSet::NONE;
        };
        let text = self.buffer.folded().as_bytes();
        let limit = own.unwrap_or(text.len());
        let view = View::new(text, complete);
        let start = rules.next_start(view, offset..limit, &mut ahead.signs);
        self.at = self.buffer.raw_start(start.at);
        if own == Some(self.at) {
            DetectorSet::ALL
        } else {
            start.detectors
        }
    }

    fn decide(
        &mut self,
        rules: &Rules,
        detectors: DetectorSet,
        cache: Option<&mut Cache>,
        complete: bool,
        found: &mut Matches,
    ) -> Decision {
        if !self.buffer.raw().is_char_boundary(self.at) {
            return Decision::Nothing;
        }
        found.clear();
        let mut decided = true;
        let offset = self.buffer.fold_offset(self.at);
        if let Some(offset) = offset {
            let hold = Hold::Possible;
            decided = self.folded_matches((rules, detectors), offset, complete, hold, found);
        }
        if let (Some(own), Some(cache)) = (&rules.own, cache) {
            let mut steps = 0;
            let place = (self.at, offset);
            decided &= self.own_matches(own, place, cache, complete, &mut steps, found);
            if decided && steps > 0 {
                self.steps += steps;
                if let Some(blocked) = self.check_budget(rules) {
                    return Decision::Block(blocked, self.at);
                }
            }
        }
        if !decided {
            return Decision::Undecided;
        }
        if found.is_empty() {
            return Decision::Nothing;
        }
        let blocking = |c: &Candidate| rules.patterns[c.pattern].action == FilterAction::Block;
        if let Some(block) = found.iter().filter(blocking).min_by_key(|c| c.pattern) {
            return Decision::Block(Blocked::Pattern(block.pattern), block.end);
        }
        match found.longest() {
            Some(longest) if self.at >= self.released => Decision::Replace(longest),
            _ => Decision::Nothing,
        }
    }

    /// The built-in detectors and the terms, which read the folded text.
    pub(super) fn folded_matches(
        &mut self,
        (rules, detectors): (&Rules, DetectorSet),
        offset: usize,
        complete: bool,
        hold: Hold,
        found: &mut Matches,
    ) -> bool {
        let text = self.buffer.folded().as_bytes();
        if !rules.may_ask(text, offset) {
            return true;
        }
        let view = View {
            text,
            complete,
            hold,
        };
        let place = (view, offset, &self.label);
        if !self.buffer.is_folded() {
            return rules.matches_at(detectors, place, &mut self.progress, found);
        }
        let mut inner = Matches::default();
        let decided = rules.matches_at(detectors, place, &mut self.progress, &mut inner);
        for candidate in inner.iter() {
            let end = self.buffer.raw_end(candidate.end);
            found.push_with_rest(candidate.pattern, end, candidate.rest);
        }
        decided
    }

    /// The operator's patterns, which read the text as it came, and the folded
    /// text where it differs.
    pub(super) fn own_matches(
        &self,
        own: &OwnPatterns,
        (at, offset): (usize, Option<usize>),
        cache: &mut Cache,
        complete: bool,
        steps: &mut usize,
        found: &mut Matches,
    ) -> bool {
        if self.spent {
            return true;
        }
        let mut decided = true;
        let view = |text| View::new(text, complete);
        let text = self.buffer.raw().as_bytes();
        if own.automaton.can_start(text, at) {
            decided &= own
                .automaton
                .matches_at(cache, view(text), at, steps, found);
        }
        let folded = self.buffer.folded().as_bytes();
        if let Some(offset) = offset.filter(|_| self.buffer.is_folded())
            && own.automaton.can_start(folded, offset)
        {
            let mut inner = Matches::default();
            decided &= own
                .automaton
                .matches_at(cache, view(folded), offset, steps, &mut inner);
            for candidate in inner.iter() {
                found.push(candidate.pattern, self.buffer.raw_end(candidate.end));
            }
        }
        decided
    }

    /// Ends the use of the operator's patterns once their budget is spent;
    /// returns the block that follows from that.
    fn check_budget(&mut self, rules: &Rules) -> Option<Blocked> {
        let allowed = STEPS_PER_BYTE * (self.dropped + self.at) + STEPS_BASIS;
        let own = rules
            .own
            .as_ref()
            .filter(|_| self.steps > allowed && !self.spent)?;
        self.spent = true;
        if !own.fail_open {
            return Some(Blocked::Budget);
        }
        let policy = rules.patterns[own.first].source.policy;
        count(&mut self.findings, policy, BUDGET, None);
        None
    }

    fn release(&mut self, out: &mut String) {
        let left = self.left();
        if self.at > left {
            out.push_str(&self.buffer.raw()[left..self.at]);
        }
        self.released = self.released.max(self.at);
    }

    fn replace(&mut self, rules: &Rules, candidate: Candidate, out: &mut String) {
        self.release(out);
        let at = self.at;
        let start = at.max(self.left());
        self.released = candidate.end;
        self.at += 1;
        self.rest = candidate.rest;
        // What left before has been judged.
        if start >= candidate.end {
            return self.replace_rest();
        }
        let pattern = &rules.patterns[candidate.pattern];
        let found = &self.buffer.raw()[start..candidate.end];
        let marker = if start > at {
            pattern.marker.render_rest(found)
        } else {
            pattern.marker.render(found)
        };
        out.push_str(&marker);
        count(
            &mut self.findings,
            pattern.source.policy,
            pattern.kind,
            pattern.level,
        );
        let range = self.dropped + start..self.dropped + candidate.end;
        self.matched.push((candidate.pattern, range.clone()));
        self.spans.push(Replacement {
            range,
            marker,
            kind: pattern.marker.kind(),
            numbers: pattern.numbers,
        });
        self.replace_rest();
    }

    /// Replaces what has arrived of the rest of the last match, by nothing: the marker stands for
    /// all of it.
    fn replace_rest(&mut self) {
        let Some(rest) = &mut self.rest else {
            return;
        };
        // What left before has been replaced.
        let left = self.early.saturating_sub(self.dropped);
        let start = self.released;
        let bytes = self.buffer.raw().as_bytes().iter().skip(start);
        let takes = |byte: &&u8| (rest.takes)(&mut rest.state, **byte);
        let length = bytes.take_while(takes).count();
        self.released += length;
        if self.released < self.buffer.raw().len() {
            self.rest = None;
        }
        let start = start.max(left);
        if start >= self.released {
            return;
        }
        let range = self.dropped + start..self.dropped + self.released;
        match self.spans.last_mut() {
            Some(span) if span.range.end == range.start => span.range.end = range.end,
            _ => self.spans.push(Replacement {
                range,
                marker: String::new(),
                kind: MarkerKind::Plain,
                numbers: NumberRedaction::Marker,
            }),
        }
    }

    fn block(&mut self, rules: &Rules, blocked: Blocked, end: usize) {
        match blocked {
            Blocked::Pattern(pattern) => {
                let found = &rules.patterns[pattern];
                let policy = found.source.policy;
                count(&mut self.findings, policy, found.kind, found.level);
                let range = self.dropped + self.at..self.dropped + end;
                self.matched.push((pattern, range));
            }
            Blocked::Budget => {
                if let Some(own) = &rules.own {
                    let policy = rules.patterns[own.first].source.policy;
                    count(&mut self.findings, policy, BUDGET, None);
                }
            }
        }
        self.blocked_by = Some(blocked);
        self.buffer.clear();
        (self.at, self.released) = (0, 0);
    }

    /// Drops decided text, but keeps the context that detectors and word
    /// boundaries may still look at.
    fn forget(&mut self) {
        // A character that is folded to one byte has up to four.
        let width = if self.buffer.is_folded() { 4 } else { 1 };
        let context = width * CONTEXT_BYTES;
        let mut keep = self.at.min(self.released).saturating_sub(context);
        while !self.buffer.raw().is_char_boundary(keep) {
            keep -= 1;
        }
        if keep > 0 {
            let folded = self.buffer.remove_front(keep);
            self.progress.remove_front(folded);
            self.dropped += keep;
            self.at -= keep;
            self.released -= keep;
        }
    }
}

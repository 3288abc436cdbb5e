//! What of a text leaves before it is decided.

use regex_automata::hybrid::dfa::Cache;

use super::matched::{Hold, Matches};
use super::rules::Rules;
use super::scanner::Scanner;
use super::starts::DetectorSet;

impl Scanner {
    /// Releases what need not wait any longer, because the text has paused.
    pub(crate) fn pause(&mut self, rules: &Rules) -> String {
        let mut out = String::new();
        if self.blocked_by.is_none() {
            let mut cache = rules.own.as_ref().map(|own| own.automaton.cache());
            self.release_words(rules, cache.as_deref_mut(), Hold::Begun, &mut out);
        }
        out
    }

    /// Releases the undecided text up to what has to be held. Of a match with it, the part that
    /// has not left is replaced.
    pub(super) fn release_words(
        &mut self,
        rules: &Rules,
        mut cache: Option<&mut Cache>,
        hold: Hold,
        out: &mut String,
    ) {
        if self.buffer.pending() > 0 {
            if rules.releases_pending {
                self.release_pending(rules, cache, hold, out);
            }
            return;
        }
        let mut end = self.at;
        while end < self.buffer.raw().len()
            && self.may_leave(rules, end, cache.as_deref_mut(), hold)
        {
            end += 1;
        }
        let left = self.left();
        if end > left {
            out.push_str(&self.buffer.raw()[left..end]);
            self.early = self.dropped + end;
        }
    }

    /// Releases the undecided text as if its last letters were of the script that they are written
    /// in. If the rest of their word shows that they only look Latin, of a match with them the part
    /// that has not left is replaced.
    fn release_pending(
        &mut self,
        rules: &Rules,
        cache: Option<&mut Cache>,
        hold: Hold,
        out: &mut String,
    ) {
        let mut guess = self.undecided();
        guess.buffer.push("", true);
        guess.release_words(rules, cache, hold, out);
        self.early = guess.early;
    }

    /// Whether nothing that has to be held begins at a position.
    fn may_leave(
        &mut self,
        rules: &Rules,
        at: usize,
        cache: Option<&mut Cache>,
        hold: Hold,
    ) -> bool {
        if !self.buffer.raw().is_char_boundary(at) {
            return true;
        }
        let mut found = Matches::default();
        let offset = self.buffer.fold_offset(at);
        let mut decided = true;
        if let Some(offset) = offset {
            let all = (rules, DetectorSet::ALL);
            decided = self.folded_matches(all, offset, false, hold, &mut found);
        }
        if let (Some(own), Some(cache)) = (&rules.own, cache) {
            decided &= self.own_matches(own, (at, offset), cache, false, &mut 0, &mut found);
        }
        decided && found.is_empty()
    }
}

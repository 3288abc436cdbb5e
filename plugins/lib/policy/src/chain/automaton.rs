//! The operator's own patterns in one lazy DFA, asked position by position.
//!
//! A position is *decided* when no text that could still arrive can change
//! which patterns match there. That is the case when the automaton is dead:
//! nothing that follows can become a match. So exactly the text that could
//! still become one is undecided, and a decision never depends on how the text
//! arrived in pieces.

use regex_automata::hybrid::LazyStateID;
use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::nfa::thompson::{self, WhichCaptures};
use regex_automata::util::pool::Pool;
use regex_automata::{Anchored, Input, MatchKind};
use regex_syntax::hir::Hir;

use super::matched::{Matches, View};
use crate::decode::MAX_GAP_BYTES;

/// Longest match, in bytes; the rest of a longer one is read as new text.
/// Room for a private key in text form, which is about 3,300 bytes.
pub const MAX_MATCH_BYTES: usize = 4096;

/// Capacity of the lazy DFA's cache, in bytes, one per concurrent scan.
const CACHE_BYTES: usize = 2 << 20;

type CacheMaker =
    Box<dyn Fn() -> Cache + Send + Sync + std::panic::UnwindSafe + std::panic::RefUnwindSafe>;

/// The automaton of a chain.
pub(crate) struct Automaton {
    dfa: DFA,
    pool: Pool<Cache, CacheMaker>,
    /// Whether a match can start with a byte, by what stands before it.
    can_start: [[bool; 256]; 5],
    /// The same, whatever stands before it.
    can_start_anywhere: [bool; 256],
    /// The index in the chain of each pattern.
    patterns: Vec<usize>,
}

/// How much memory the automaton of one pattern takes, in bytes; `None` when
/// it is more than `limit`.
pub(crate) fn weigh(hir: &Hir, limit: usize) -> Option<usize> {
    let nfa = thompson::Compiler::new()
        .configure(nfa_config().nfa_size_limit(Some(limit)))
        .build_from_hir(hir)
        .ok()?;
    Some(nfa.memory_usage()).filter(|size| *size <= limit)
}

fn nfa_config() -> thompson::Config {
    thompson::Config::new().which_captures(WhichCaptures::None)
}

impl Automaton {
    /// Builds the automaton; `None` when the patterns together exceed what any
    /// automaton can hold.
    pub(crate) fn build(patterns: &[(usize, Hir)]) -> Option<Self> {
        let hirs: Vec<&Hir> = patterns.iter().map(|(_, hir)| hir).collect();
        let nfa = thompson::Compiler::new()
            .configure(nfa_config())
            .build_many_from_hir(&hirs)
            .ok()?;
        let config = DFA::config()
            .match_kind(MatchKind::All)
            .cache_capacity(CACHE_BYTES)
            .skip_cache_capacity_check(true);
        let dfa = DFA::builder().configure(config).build_from_nfa(nfa).ok()?;
        let maker = dfa.clone();
        let pool: Pool<Cache, CacheMaker> = Pool::new(Box::new(move || maker.create_cache()));
        let mut automaton = Self {
            dfa,
            pool,
            can_start: [[false; 256]; 5],
            can_start_anywhere: [false; 256],
            patterns: patterns.iter().map(|(index, _)| *index).collect(),
        };
        automaton.fill_starts();
        Some(automaton)
    }

    /// Asks the automaton once for every byte in every context, so that most
    /// positions of a text are settled by one look-up.
    fn fill_starts(&mut self) {
        let mut cache = self.dfa.create_cache();
        for (context, before) in [None, Some(b'a'), Some(b'\n'), Some(b'\r'), Some(b' ')]
            .into_iter()
            .enumerate()
        {
            for byte in 0..=u8::MAX {
                let text: Vec<u8> = before.into_iter().chain([byte]).collect();
                let state = self.start(&mut cache, &text, text.len() - 1);
                let next = self.step(&mut cache, state, byte);
                self.can_start[context][usize::from(byte)] = !next.is_dead();
                self.can_start_anywhere[usize::from(byte)] |= !next.is_dead();
            }
        }
    }

    /// Borrows a cache for the calls of one scan.
    pub(crate) fn cache(&self) -> impl std::ops::DerefMut<Target = Cache> + '_ {
        self.pool.get()
    }

    /// Whether any match can start with a byte.
    #[inline]
    pub(crate) fn can_start_with(&self, byte: u8) -> bool {
        self.can_start_anywhere[usize::from(byte)]
    }

    /// Whether any match can start at a position.
    pub(crate) fn can_start(&self, text: &[u8], at: usize) -> bool {
        let context = match at.checked_sub(1).map(|before| text[before]) {
            None => 0,
            Some(b'\n') => 2,
            Some(b'\r') => 3,
            Some(byte) if byte.is_ascii_alphanumeric() || byte == b'_' => 1,
            Some(_) => 4,
        };
        self.can_start[context][usize::from(text[at])]
    }

    /// Adds the matches that start at a position, and the bytes that were read
    /// to `steps`. Returns `false` when text that is not there yet could add
    /// one.
    pub(crate) fn matches_at(
        &self,
        cache: &mut Cache,
        view: View<'_>,
        at: usize,
        steps: &mut usize,
        found: &mut Matches,
    ) -> bool {
        let text = view.text;
        let mut state = self.start(cache, text, at);
        let mut accepted = at;
        for (offset, byte) in text[at..].iter().enumerate() {
            *steps += 1;
            state = self.step(cache, state, *byte);
            let here = at + offset;
            if state.is_match() {
                self.add(cache, state, here, found);
                accepted = here;
            } else if state.is_dead() || state.is_quit() {
                return true;
            }
            if here + 1 - accepted >= MAX_GAP_BYTES || here + 1 - at >= MAX_MATCH_BYTES {
                return true;
            }
        }
        if !view.complete {
            return self.is_final(cache, state, text.len(), found);
        }
        let state = self.dfa.next_eoi_state(cache, state).expect(UNBOUNDED);
        if state.is_match() {
            self.add(cache, state, text.len(), found);
        }
        true
    }

    /// Whether no further text can add a match: the automaton reports a match
    /// one byte late, so that at the end of what is there every next byte may
    /// lead to the same report and then to nothing.
    fn is_final(
        &self,
        cache: &mut Cache,
        state: LazyStateID,
        end: usize,
        found: &mut Matches,
    ) -> bool {
        let Some(next) = self.only_successor(cache, state) else {
            return false;
        };
        if next.is_dead() {
            return true;
        }
        let last = next.is_match()
            && self
                .only_successor(cache, next)
                .is_some_and(|after| after.is_dead());
        let at_end = self.dfa.next_eoi_state(cache, state).expect(UNBOUNDED);
        if !last || self.reported(cache, at_end) != self.reported(cache, next) {
            return false;
        }
        self.add(cache, next, end, found);
        true
    }

    /// The state every next byte leads to, when it is one and the same.
    fn only_successor(&self, cache: &mut Cache, state: LazyStateID) -> Option<LazyStateID> {
        let mut only = None;
        for unit in self.dfa.byte_classes().representatives(0..=u8::MAX) {
            let next = self.step(cache, state, unit.as_u8()?);
            if *only.get_or_insert(next) != next {
                return None;
            }
        }
        only
    }

    fn reported(&self, cache: &Cache, state: LazyStateID) -> Vec<usize> {
        if !state.is_match() {
            return Vec::new();
        }
        (0..self.dfa.match_len(cache, state))
            .map(|index| self.dfa.match_pattern(cache, state, index).as_usize())
            .collect()
    }

    fn add(&self, cache: &Cache, state: LazyStateID, end: usize, found: &mut Matches) {
        for index in 0..self.dfa.match_len(cache, state) {
            let pattern = self.dfa.match_pattern(cache, state, index).as_usize();
            found.push(self.patterns[pattern], end);
        }
    }

    fn start(&self, cache: &mut Cache, text: &[u8], at: usize) -> LazyStateID {
        let input = Input::new(text).anchored(Anchored::Yes).range(at..);
        self.dfa
            .start_state_forward(cache, &input)
            .expect(UNBOUNDED)
    }

    fn step(&self, cache: &mut Cache, state: LazyStateID, byte: u8) -> LazyStateID {
        self.dfa.next_state(cache, state, byte).expect(UNBOUNDED)
    }
}

/// Why the lazy DFA cannot fail: it gives up only after a configured number of
/// cache clearings, which is not configured, and quits only on quit bytes,
/// which exist only for Unicode word boundaries.
const UNBOUNDED: &str = "no limit on cache clearings and no quit bytes are configured";

//! Where something can begin in a text: nearly all words are passed over here, in one look at
//! each, and only those detectors are asked for which something may begin.

use memchr::memchr;

use super::detector_set::DetectorSet;
use super::trigger_table::{KEY, TriggerTable};
use super::word_block::{Word, WordBlock};
use crate::chain::matched::View;
use crate::chain::pattern::CONTEXT_BYTES;
use crate::chain::phases::{ANNOUNCING, Announced, Detector};
use crate::text::{after_word, is_word};
use kt_detect::load;

/// Bytes before an `@` within which an address can begin.
const BEFORE_AT: usize = 64;
/// Bytes behind a position that tell whether something begins with a number there.
const BEHIND_NUMBER: usize = 96;
/// Most hexadecimal digits before the first colon of an address; [`WordBlock`] flags them.
const GROUP: usize = 4;
/// Most letters of a word behind which a number belongs to it; [`WordBlock`] flags them.
const SHORT: usize = 3;

/// The byte belongs to a word.
const INSIDE: u8 = 1;
/// Something can begin with the byte, which belongs to no word.
const SIGN: u8 = 2;
/// An announced value can begin with the byte.
const VALUE: u8 = 8;

/// The bytes behind a byte, as bits.
type Seconds = [u64; 4];

/// What can begin where, of all detectors.
pub(crate) struct StartTable {
    classes: [u8; 256],
    /// The detectors that look at words which begin with a byte.
    words_with: [DetectorSet; 256],
    /// Whether any of these bytes is no digit.
    lists_letters: bool,
    /// For each byte that belongs to no word, the bytes behind it with which something can begin,
    /// of each detector.
    pairs: Vec<(DetectorSet, Vec<Seconds>)>,
    before_at: DetectorSet,
    digits: DetectorSet,
    colon: DetectorSet,
    words: DetectorSet,
    prefixes: DetectorSet,
    triggers: TriggerTable,
    announced: Option<(Announced, DetectorSet)>,
    /// The endings of words that may announce what follows.
    endings: &'static [[u8; 2]],
}

/// Where something may begin.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Start {
    pub(crate) at: usize,
    /// The detectors to ask; none at the end of the text.
    pub(crate) detectors: DetectorSet,
}

/// What is known of the text ahead.
#[derive(Debug, Default)]
pub(crate) struct Ahead {
    /// The first `@` at or behind the position that was asked for last.
    at_sign: Option<usize>,
    /// Before this position no `@` is near.
    near_from: usize,
    block: WordBlock,
    /// The end of the last letter before the block, if one is near.
    letter: Option<usize>,
    /// Whether the text has a label.
    pub(in crate::chain) is_labeled: bool,
}

impl Ahead {
    /// Returns the block of a position.
    #[inline]
    fn seek(&mut self, text: &[u8], at: usize) -> WordBlock {
        if !self.block.has(at) {
            self.letter = if at == self.block.end {
                self.letter_before(at)
            } else {
                let near = &text[at.saturating_sub(CONTEXT_BYTES)..at];
                let letter = near.iter().rposition(|byte| !is_no_letter(*byte));
                letter.map(|letter| at - near.len() + letter + 1)
            };
            self.block = WordBlock::read(text, at);
        }
        self.block
    }

    /// Returns the end of the last letter before `at`, in the block or behind it.
    fn letter_before(&self, at: usize) -> Option<usize> {
        let letter = match u32::try_from(at - self.block.start) {
            Ok(bit) if bit < u64::BITS => self.block.letter_before(bit),
            _ => self.block.last_letter(),
        };
        letter.or(self.letter)
    }

    /// Returns whether a word may announce what begins at a position of the block: a letter or a
    /// label is near.
    fn may_be_announced(&self, at: usize) -> bool {
        let is_near = |end: usize| end + CONTEXT_BYTES >= at;
        (self.is_labeled && at <= CONTEXT_BYTES) || self.letter_before(at).is_some_and(is_near)
    }

    /// Returns whether an address may begin at `at`: an `@` is near, or can still arrive.
    #[inline]
    fn is_near(&mut self, view: View<'_>, at: usize) -> bool {
        at >= self.near_from && self.look(view, at)
    }

    fn look(&mut self, view: View<'_>, at: usize) -> bool {
        let sign = match self.at_sign {
            Some(sign) if sign >= at => sign,
            _ => memchr(b'@', &view.text[at..]).map_or(usize::MAX, |offset| at + offset),
        };
        self.at_sign = Some(sign);
        let near = sign.min(if view.complete { sign } else { view.text.len() });
        self.near_from = near.saturating_sub(BEFORE_AT);
        at >= self.near_from
    }
}

/// Whether an address with colons would go on at `at`.
fn goes_on(text: &[u8], at: usize) -> bool {
    let before = at.checked_sub(1).map(|before| text[before]);
    before.is_some_and(|byte| is_word(byte) || matches!(byte, b':' | b'.'))
}

/// Whether a byte is an ASCII sign, blank or digit.
fn is_no_letter(byte: u8) -> bool {
    byte.is_ascii() && (!is_word(byte) || byte.is_ascii_digit())
}

impl StartTable {
    pub(in crate::chain) fn new(detectors: &[Box<dyn Detector>]) -> Self {
        let mut table = Self {
            classes: [0; 256],
            words_with: [DetectorSet::NONE; 256],
            lists_letters: false,
            pairs: Vec::new(),
            before_at: DetectorSet::NONE,
            digits: DetectorSet::NONE,
            colon: DetectorSet::NONE,
            words: DetectorSet::NONE,
            prefixes: DetectorSet::NONE,
            triggers: TriggerTable::new(),
            announced: None,
            endings: &[],
        };
        for byte in 0..=u8::MAX {
            table.classes[usize::from(byte)] = u8::from(is_word(byte)) * INSIDE;
        }
        for (index, detector) in detectors.iter().enumerate() {
            let set = DetectorSet::of(index);
            table.add_bytes(detector.as_ref(), set);
            let triggers = detector.word_triggers();
            table.before_at.add_if(triggers.before_at, set);
            table.digits.add_if(triggers.digits, set);
            table.colon.add_if(triggers.colon, set);
            table.words.add_if(!triggers.words.is_empty(), set);
            table.prefixes.add_if(!triggers.prefixes.is_empty(), set);
            for word in &triggers.words {
                table.triggers.add_word(word);
            }
            for prefix in &triggers.prefixes {
                table.triggers.add_prefix(prefix);
            }
            if let Some(announced) = triggers.announced {
                table.add_announced(announced, set);
            }
        }
        if !table.before_at.is_empty() {
            // Not the bytes within a character.
            table.mark(0xc0..=u8::MAX, SIGN);
        }
        table
    }

    /// Adds the bytes that a detector's matches begin with.
    fn add_bytes(&mut self, detector: &dyn Detector, set: DetectorSet) {
        let mut pairs = vec![[0; 4]; 256];
        for byte in 0..=u8::MAX {
            let index = usize::from(byte);
            for second in 0..=u8::MAX {
                let starts = detector.starts(byte, second);
                // Nothing begins within a word.
                if starts.word || (starts.anywhere && is_word(byte)) {
                    self.words_with[index].add(set);
                    self.lists_letters |= !byte.is_ascii_digit();
                } else if starts.anywhere {
                    self.classes[index] |= SIGN;
                    pairs[index][usize::from(second / 64)] |= 1_u64 << (second % 64);
                }
            }
        }
        self.pairs.push((set, pairs));
    }

    fn add_announced(&mut self, announced: Announced, set: DetectorSet) {
        self.mark(announced.signs.iter().copied(), VALUE | SIGN);
        self.endings = announced.endings;
        self.announced = Some((announced, set));
    }

    fn mark(&mut self, bytes: impl IntoIterator<Item = u8>, class: u8) {
        for byte in bytes {
            self.classes[usize::from(byte)] |= class;
        }
    }

    #[inline]
    fn class(&self, byte: u8) -> u8 {
        self.classes[usize::from(byte)]
    }

    /// Returns whether a detector may be asked at `at`: it relies on that no word goes on there.
    pub(in crate::chain) fn may_ask(&self, text: &[u8], at: usize) -> bool {
        let class = self.class(text[at]);
        !text[at].is_ascii()
            || match class & INSIDE {
                0 => class & SIGN != 0,
                _ => !after_word(text, at),
            }
    }

    /// Returns the first position from `at` on, and before `limit`, where something may begin.
    pub(in crate::chain) fn next(
        &self,
        detectors: &[Box<dyn Detector>],
        view: View<'_>,
        (at, limit): (usize, usize),
        ahead: &mut Ahead,
    ) -> Start {
        let text = view.text;
        let end = Start {
            at: limit,
            detectors: DetectorSet::NONE,
        };
        let mut from = at;
        while from < limit {
            let block = ahead.seek(text, from);
            let mut places = block.places & u64::MAX << (from - block.start);
            while places != 0 {
                let bit = places.trailing_zeros();
                places &= places - 1;
                let at = block.start + bit as usize;
                if at >= limit {
                    return end;
                }
                let begin = if block.words >> bit & 1 != 0 {
                    let is_near = at >= ahead.near_from;
                    if !is_near && self.passes_over(view, &block, bit) {
                        continue;
                    }
                    self.begin_word(detectors, view, &Word::read(text, at), ahead)
                } else {
                    self.begin_sign(view, at, ahead)
                };
                if !begin.is_empty() {
                    return Start {
                        at,
                        detectors: begin,
                    };
                }
            }
            from = block.end;
        }
        end
    }

    /// Returns the detectors for which something may begin with a byte that belongs to no word.
    #[inline]
    fn begin_sign(&self, view: View<'_>, at: usize, ahead: &mut Ahead) -> DetectorSet {
        let class = self.class(view.text[at]);
        if class & SIGN == 0 {
            return DetectorSet::NONE;
        }
        self.begin_marked_sign(view, at, class, ahead)
    }

    fn begin_marked_sign(
        &self,
        view: View<'_>,
        at: usize,
        class: u8,
        ahead: &mut Ahead,
    ) -> DetectorSet {
        let text = view.text;
        let mut found = DetectorSet::NONE;
        for (set, pairs) in &self.pairs {
            let seconds = pairs[usize::from(text[at])];
            let begins = match text.get(at + 1) {
                Some(second) => seconds[usize::from(second / 64)] >> (second % 64) & 1 != 0,
                None => seconds != [0; 4],
            };
            let is_within = text[at] == b':' && *set == self.colon && goes_on(text, at);
            found.add_if(begins && !is_within, *set);
        }
        if class & VALUE != 0 {
            found.add(self.announced_at(text, at));
        }
        found.add_if(
            text[at] >= 0xc0 && !self.before_at.is_empty() && ahead.is_near(view, at),
            self.before_at,
        );
        found
    }

    /// Returns whether nothing begins with a word that ends within its block: nearly all words are
    /// left here.
    #[inline]
    fn passes_over(&self, view: View<'_>, block: &WordBlock, bit: u32) -> bool {
        let text = view.text;
        let at = block.start + bit as usize;
        let is_flagged = (block.flagged >> bit & 1 != 0) | self.lists_letters;
        // The end of the text is not known.
        let is_open = !view.complete & (block.end + KEY > text.len());
        if is_flagged | is_open {
            return false;
        }
        let is_trigger = self.triggers.has(load(text, at), block.length(bit));
        !(is_trigger | self.has_ending(&text[..at]))
    }

    /// Returns whether a text ends with a word that may announce what follows, and a blank.
    #[inline]
    fn has_ending(&self, text: &[u8]) -> bool {
        // Four bytes, which are one load.
        let Some(last) = text.last_chunk() else {
            return text.len() == 3;
        };
        let last = u32::from_le_bytes(*last);
        let ending = (last >> 8 | 0x2020) & 0xffff;
        let is_any = |any, known: &[u8; 2]| any | (u32::from(u16::from_le_bytes(*known)) == ending);
        matches!(last >> 24, 0x20 | 0x09) & self.endings.iter().fold(false, is_any)
    }

    /// Returns the detectors for which something may begin with a word.
    fn begin_word(
        &self,
        detectors: &[Box<dyn Detector>],
        view: View<'_>,
        word: &Word,
        ahead: &mut Ahead,
    ) -> DetectorSet {
        let text = view.text;
        let behind = text.get(word.end).copied();
        if behind.is_none() && !view.complete {
            return DetectorSet::ALL;
        }
        let mut found = self.words_with[usize::from(text[word.start])];
        let length = word.end - word.start;
        let number = || match text.get(word.end + 1) {
            Some(byte) => byte.is_ascii_digit(),
            None => !view.complete,
        };
        if word.has_digit || (length <= SHORT && number()) {
            found.add(self.begin_number(detectors, view, word.start, ahead));
        }
        if length <= GROUP && behind == Some(b':') {
            let hex = text[word.start..word.end].iter().all(u8::is_ascii_hexdigit);
            found.add_if(hex && !goes_on(text, word.start), self.colon);
        }
        found.add_if(ahead.is_near(view, word.start), self.before_at);
        let open = !view.complete && word.start + KEY > text.len();
        found.add_if(open || self.triggers.has_prefix(word.head), self.prefixes);
        let open = behind.is_some_and(|byte| !byte.is_ascii());
        found.add_if(
            open || self.triggers.has_word(word.head, length),
            self.words,
        );
        found.add(self.announced_at(text, word.start));
        found
    }

    /// Returns the detectors for which something may begin with a word that has a digit.
    fn begin_number(
        &self,
        detectors: &[Box<dyn Detector>],
        view: View<'_>,
        at: usize,
        ahead: &Ahead,
    ) -> DetectorSet {
        if !view.complete && at + BEHIND_NUMBER > view.text.len() {
            return self.digits;
        }
        let is_announced = ahead.may_be_announced(at);
        let mut found = DetectorSet::NONE;
        for (index, detector) in detectors.iter().enumerate() {
            let begins =
                self.digits.has(index) && detector.may_begin_with_number(view, at, is_announced);
            found.add_if(begins, DetectorSet::of(index));
        }
        found
    }

    /// Returns the detector for which what stands before `at` announces a value.
    fn announced_at(&self, text: &[u8], at: usize) -> DetectorSet {
        let Some((announced, set)) = &self.announced else {
            return DetectorSet::NONE;
        };
        let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
        let before = &text[..at];
        let may = match before {
            [.., second, last] if is_blank(last) => {
                is_blank(second) || ANNOUNCING.contains(second) || self.has_ending(before)
            }
            [.., last] => ANNOUNCING.contains(last),
            [] => false,
        };
        if may && (announced.check)(before) {
            *set
        } else {
            DetectorSet::NONE
        }
    }
}

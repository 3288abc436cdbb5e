//! Where something can begin in a text: nearly all words are passed over here, in one look at
//! each, and the detectors are asked only at the others.

use memchr::memchr;

use super::matched::View;
use super::phases::{Announced, Detector};
use crate::text::{after_word, is_word};

/// Bytes before an `@` within which an address can begin.
const BEFORE_AT: usize = 64;
/// Most hexadecimal digits before the first colon of an address.
const GROUP: usize = 4;
/// Most letters of a word behind which a number belongs to it.
const SHORT: usize = 3;

/// The byte belongs to a word.
const INSIDE: u8 = 1;
/// Something can begin with the byte anywhere.
const ANYWHERE: u8 = 2;
/// A word that begins with the byte is looked at.
const WORD: u8 = 4;
const DIGIT: u8 = 8;
/// What follows is announced.
const DIRECT: u8 = 32;
/// What follows behind a blank may be announced.
const BEFORE_BLANK: u8 = 64;
/// An announced value can begin with the byte.
const VALUE: u8 = 128;

/// What can begin where, of all detectors.
pub(crate) struct StartTable {
    classes: [u8; 256],
    /// For each byte that something can begin with anywhere, the bytes behind it, as bits.
    pairs: Vec<[u64; 4]>,
    before_at: bool,
    digits: bool,
    colon: bool,
    words: Option<Filter>,
    prefixes: Option<Filter>,
    announced: Option<Announced>,
}

/// What is known of the text ahead.
#[derive(Debug, Default)]
pub(crate) struct Ahead {
    /// The first `@` at or behind the position that was asked for last.
    at_sign: Option<usize>,
}

impl Ahead {
    /// Returns whether an address may begin at `at`: an `@` is near, or can still arrive.
    fn is_near(&mut self, view: View<'_>, at: usize) -> bool {
        let sign = match self.at_sign {
            Some(sign) if sign >= at => sign,
            _ => memchr(b'@', &view.text[at..]).map_or(usize::MAX, |offset| at + offset),
        };
        self.at_sign = Some(sign);
        let near = sign.min(if view.complete { sign } else { view.text.len() });
        near - at <= BEFORE_AT
    }
}

impl StartTable {
    pub(super) fn new(detectors: &[Box<dyn Detector>]) -> Self {
        let mut classes = [0; 256];
        let mut pairs = vec![[0; 4]; 256];
        for byte in 0..=u8::MAX {
            let class = &mut classes[usize::from(byte)];
            *class |= u8::from(is_word(byte)) * INSIDE;
            *class |= u8::from(byte.is_ascii_digit()) * DIGIT;
            for second in 0..=u8::MAX {
                for detector in detectors {
                    let starts = detector.starts(byte, second);
                    *class |= u8::from(starts.word) * WORD + u8::from(starts.anywhere) * ANYWHERE;
                    let bit = u64::from(starts.anywhere) << (second % 64);
                    pairs[usize::from(byte)][usize::from(second / 64)] |= bit;
                }
            }
        }
        let triggers: Vec<_> = detectors.iter().map(|d| d.word_triggers()).collect();
        let announced = triggers.iter().find_map(|t| t.announced);
        let mark = |classes: &mut [u8; 256], bytes: &[u8], bit| {
            for byte in bytes {
                classes[usize::from(*byte)] |= bit;
            }
        };
        if let Some(announced) = &announced {
            mark(&mut classes, announced.behind, DIRECT);
            mark(&mut classes, announced.behind_blank, BEFORE_BLANK);
            mark(&mut classes, announced.signs, VALUE);
        }
        let words = triggers.iter().flat_map(|t| &t.words);
        let words: Vec<u64> = words.map(|word| word_key(word, 0, word.len())).collect();
        let prefixes = triggers.iter().flat_map(|t| &t.prefixes);
        let prefixes: Vec<u64> = prefixes.flat_map(|prefix| prefix_keys(prefix)).collect();
        Self {
            classes,
            pairs,
            before_at: triggers.iter().any(|t| t.before_at),
            digits: triggers.iter().any(|t| t.digits),
            colon: triggers.iter().any(|t| t.colon),
            words: Filter::new(&words),
            prefixes: Filter::new(&prefixes),
            announced,
        }
    }

    fn class(&self, byte: u8) -> u8 {
        self.classes[usize::from(byte)]
    }

    /// Returns whether a detector may be asked at `at`: it relies on that no word goes on there.
    pub(super) fn may_ask(&self, text: &[u8], at: usize) -> bool {
        let class = self.class(text[at]);
        class & (ANYWHERE | VALUE) != 0
            || !text[at].is_ascii()
            || (class & INSIDE != 0 && !after_word(text, at))
    }

    /// Returns the first position from `at` on, and before `limit`, where something may begin.
    pub(super) fn next(
        &self,
        view: View<'_>,
        (at, limit): (usize, usize),
        ahead: &mut Ahead,
    ) -> usize {
        let text = view.text;
        let mut at = at;
        if after_word(text, at) {
            at = self.word_end(text, at, limit);
        }
        while at < limit {
            let class = self.class(text[at]);
            if class & INSIDE == 0 {
                if self.begins_sign(view, at, class, ahead) {
                    return at;
                }
                at += 1;
                continue;
            }
            let (end, kinds) = self.word(text, at);
            if self.begins_word(view, at..end, (class, kinds), ahead) {
                return at;
            }
            at = match kinds & ANYWHERE {
                0 => end.min(limit),
                _ => self.word_end(text, at, limit),
            };
        }
        at
    }

    /// Returns where the rest of a word ends, or something begins within it.
    fn word_end(&self, text: &[u8], at: usize, limit: usize) -> usize {
        let rest = text.get(at..limit).unwrap_or_default().iter();
        let inside = |byte: &&u8| self.class(**byte) & (INSIDE | ANYWHERE) == INSIDE;
        at + rest.take_while(inside).count()
    }

    /// Returns where the word at `at` ends, and the classes of its bytes.
    #[inline]
    fn word(&self, text: &[u8], at: usize) -> (usize, u8) {
        let (mut end, mut kinds) = (at, 0);
        while let Some(byte) = text.get(end) {
            let class = self.class(*byte);
            if class & INSIDE == 0 {
                break;
            }
            kinds |= class;
            end += 1;
        }
        (end, kinds)
    }

    #[inline]
    fn begins_sign(&self, view: View<'_>, at: usize, class: u8, ahead: &mut Ahead) -> bool {
        let text = view.text;
        if class & ANYWHERE != 0 {
            let begins = match text.get(at + 1) {
                Some(second) => {
                    let bits = self.pairs[usize::from(text[at])][usize::from(second / 64)];
                    bits >> (second % 64) & 1 != 0
                }
                None => true,
            };
            if begins {
                return true;
            }
        }
        if class & VALUE != 0 && self.is_announced(text, at) {
            return true;
        }
        // Not the bytes within a character.
        self.before_at && text[at] >= 0xc0 && ahead.is_near(view, at)
    }

    #[inline]
    fn begins_word(
        &self,
        view: View<'_>,
        word: std::ops::Range<usize>,
        (class, kinds): (u8, u8),
        ahead: &mut Ahead,
    ) -> bool {
        let text = view.text;
        let length = word.len();
        let behind = text.get(word.end).copied();
        if class & WORD != 0 || (behind.is_none() && !view.complete) {
            return true;
        }
        if self.digits {
            let number = || match text.get(word.end + 1) {
                Some(byte) => byte.is_ascii_digit(),
                None => !view.complete,
            };
            if kinds & DIGIT != 0 || (length <= SHORT && number()) {
                return true;
            }
        }
        if self.colon && length <= GROUP && behind == Some(b':') {
            let hex = text[word.clone()].iter().all(u8::is_ascii_hexdigit);
            if hex {
                return true;
            }
        }
        if self.before_at && ahead.is_near(view, word.start) {
            return true;
        }
        if let Some(prefixes) = &self.prefixes {
            let open = !view.complete && word.start + LONGEST_KEY > text.len();
            let head = load(text, word.start);
            if open
                || PREFIX_KEYS
                    .iter()
                    .any(|bytes| prefixes.has(prefix_key(head, *bytes)))
            {
                return true;
            }
        }
        if let Some(words) = &self.words {
            let open = behind.is_some_and(|byte| !byte.is_ascii());
            if open || words.has(word_key(text, word.start, word.end)) {
                return true;
            }
        }
        self.is_announced(text, word.start)
    }

    /// Returns whether what stands before `at` announces a value.
    #[inline]
    fn is_announced(&self, text: &[u8], at: usize) -> bool {
        let Some(announced) = &self.announced else {
            return false;
        };
        let before = &text[..at];
        let may = match before {
            [.., second, b' ' | b'\t'] => self.class(*second) & BEFORE_BLANK != 0,
            [.., last] => self.class(*last) & DIRECT != 0,
            [] => false,
        };
        may && (announced.check)(before)
    }
}

/// The bytes of prefixes that are compared: as many as a prefix has, so that few words are like
/// one.
const PREFIX_KEYS: [usize; 3] = [3, 4, LONGEST_KEY];
const LONGEST_KEY: usize = 7;

/// The key of the first bytes of a word.
#[inline]
fn prefix_key(head: u64, bytes: usize) -> u64 {
    (head & ((1 << (bytes * 8)) - 1)) | (bytes as u64) << 60
}

/// The keys of a prefix; one of two bytes goes on with any byte.
fn prefix_keys(prefix: &str) -> Vec<u64> {
    let head = load(prefix.as_bytes(), 0);
    let bytes = PREFIX_KEYS
        .iter()
        .rev()
        .find(|bytes| prefix.len() >= **bytes);
    match bytes {
        Some(bytes) => vec![prefix_key(head, *bytes)],
        None => (0..256)
            .map(|third| prefix_key(head & 0xffff | third << 16, 3))
            .collect(),
    }
}

/// Returns the eight bytes from `at` on, as far as there are any.
#[inline]
fn load(text: &[u8], at: usize) -> u64 {
    let rest = &text[at..];
    if let Some(bytes) = rest.first_chunk() {
        return u64::from_le_bytes(*bytes);
    }
    let mut bytes = [0; 8];
    bytes[..rest.len()].copy_from_slice(rest);
    u64::from_le_bytes(bytes)
}

/// The key of a word: its first and its last bytes without regard to case, and its length.
#[inline]
fn word_key(text: &[u8], start: usize, end: usize) -> u64 {
    /// The bit that tells ASCII letters of both cases apart.
    const CASE: u64 = 0x2020_2020_2020_2020;
    let length = end - start;
    let mut key = load(text, start) | CASE;
    if length < 8 {
        key &= (1 << (length * 8)) - 1;
    } else {
        key ^= (load(text, end - 8) | CASE).rotate_left(23);
    }
    key.wrapping_add((length as u64) << 57)
}

/// A Bloom filter with one bit for each key.
struct Filter(Box<[u64; FILTER_BITS / 64]>);

/// Bits of a filter: one in thirty is set by some hundred keys.
const FILTER_BITS: usize = 1 << 14;

impl Filter {
    /// Returns the filter of keys; `None` if there are none.
    fn new(keys: &[u64]) -> Option<Self> {
        if keys.is_empty() {
            return None;
        }
        let mut filter = Self(Box::new([0; FILTER_BITS / 64]));
        for key in keys {
            let bit = Self::bit(*key);
            filter.0[bit / 64] |= 1 << (bit % 64);
        }
        Some(filter)
    }

    #[inline]
    fn bit(key: u64) -> usize {
        let mixed = (key ^ key >> 29).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> (64 - FILTER_BITS.trailing_zeros())) as usize
    }

    #[inline]
    fn has(&self, key: u64) -> bool {
        let bit = Self::bit(key);
        self.0[bit / 64] >> (bit % 64) & 1 != 0
    }
}

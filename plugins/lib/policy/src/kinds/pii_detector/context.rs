//! Words that announce what the number behind them is.
//!
//! They are read only where a number has a form that needs them, so that prose costs nothing: from
//! the end of the last reading, or [`REACH`] bytes back, to the number.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use kt_detect::fold;

use super::identifiers::identifiers;
use super::words::{ADDRESS, NATIONAL, OTHER, PHONE, PHONE_IN_PROSE, VERSION};
use crate::chain::{CONTEXT_BYTES, Progress};
use crate::text::character;

/// How far before a number a word may end.
const REACH: usize = CONTEXT_BYTES - 4;
/// Letters that an inflection may add.
const INFLECTION: usize = 4;

/// What words announce: a bit for each kind of identifier, and some more.
pub(super) type Topics = u128;

/// What is no identifier of the table.
#[derive(Debug, Clone, Copy)]
#[repr(u8)]
pub(super) enum Topic {
    /// Identifiers of persons in any country.
    National = 122,
    /// An IP address.
    Address,
    /// A version or a section, not an IP address.
    Version,
    /// A number of an order, an invoice, a part or the like.
    Other,
    /// A phone number.
    Phone,
    /// A phone number, if it is not the name of a value.
    PhoneInProse,
}

impl Topic {
    /// Returns the bit.
    pub(super) const fn bit(self) -> Topics {
        1 << self as u8
    }
}

/// A word or phrase of the table, folded and in lower case.
struct Word {
    text: String,
    /// Whether letters may follow.
    inflected: bool,
    /// Whether it needs no boundaries: scripts that write words together.
    unspaced: bool,
    topics: Topics,
}

/// All words, sorted.
struct Words {
    words: Vec<Word>,
    /// Where the words of each first byte begin.
    first: [u16; 257],
}

static WORDS: LazyLock<Words> = LazyLock::new(|| {
    let mut all: BTreeMap<(String, bool), Topics> = BTreeMap::new();
    let mut add = |words: &[&str], topics: Topics| {
        for word in words {
            let inflected = word.ends_with('*');
            let text = fold(word.trim_end_matches('*')).text.to_lowercase();
            *all.entry((text, inflected)).or_default() |= topics;
        }
    };
    for (index, identifier) in identifiers().enumerate() {
        add(identifier.words, 1 << index);
    }
    add(NATIONAL, Topic::National.bit());
    add(ADDRESS, Topic::Address.bit());
    add(VERSION, Topic::Version.bit());
    add(OTHER, Topic::Other.bit());
    add(PHONE, Topic::Phone.bit());
    add(PHONE_IN_PROSE, Topic::PhoneInProse.bit());
    let words = all.into_iter().map(|((text, inflected), topics)| Word {
        unspaced: text.chars().next().is_some_and(is_unspaced),
        text,
        inflected,
        topics,
    });
    let words: Vec<Word> = words.collect();
    let mut first = [0; 257];
    for (byte, from) in (0..=256_u16).zip(&mut first) {
        let before = words.partition_point(|word| u16::from(word.text.as_bytes()[0]) < byte);
        *from = u16::try_from(before).unwrap_or(u16::MAX);
    }
    Words { words, first }
});

/// What stands before a position.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context<'t> {
    pub(super) text: &'t [u8],
    pub(super) at: usize,
    /// The label of the text, such as the key of a value.
    pub(super) label: &'t [u8],
}

impl Context<'_> {
    /// Returns what the words announce that end within so many bytes before the position.
    pub(super) fn topics(self, within: usize, progress: &mut Progress) -> Topics {
        read(self, progress);
        let near = (progress.base + self.at).saturating_sub(within);
        let found = progress.announced.iter().filter(|(end, _)| *end >= near);
        found.fold(0, |all, (_, topics)| all | topics)
    }

    /// Returns whether a word within so many bytes before the position announces a topic.
    pub(super) fn announces(self, topic: Topic, within: usize, progress: &mut Progress) -> bool {
        self.topics(within, progress) & topic.bit() != 0
    }
}

/// Reads the words up to `at`.
fn read(context: Context<'_>, progress: &mut Progress) {
    let Context { text, at, label } = context;
    let base = progress.base;
    let announced = &mut progress.announced;
    if progress.announced_to == 0 {
        words_of(label, 0, |end, topics| {
            announced.push((end, topics & !Topic::PhoneInProse.bit()));
        });
    }
    let known = progress.announced_to.saturating_sub(base);
    let from = known.max(at.saturating_sub(REACH));
    let near = (base + at).saturating_sub(REACH);
    announced.retain(|(end, _)| *end >= near);
    words_of(&text[..at], from, |end, topics| {
        let word = (base + end, topics);
        if !announced.contains(&word) {
            announced.push(word);
        }
    });
    progress.steps += at.saturating_sub(from);
    // A phrase may go on with the word that begins here.
    if !text.get(at).is_some_and(u8::is_ascii_alphabetic) {
        progress.announced_to = base + at;
    }
}

/// Calls `found` with the end and the topics of each known word of `text` from `from` on.
fn words_of(text: &[u8], from: usize, mut found: impl FnMut(usize, Topics)) {
    for at in from..text.len() {
        let byte = text[at].to_ascii_lowercase();
        if !byte.is_ascii_alphabetic() && byte < 0xc0 {
            continue;
        }
        let candidates = lower(text, at).map_or(&[][..], |c| WORDS.beginning_with(c));
        if candidates.is_empty() {
            continue;
        }
        let begins = begins_word(text, at);
        for word in candidates.iter().filter(|word| begins || word.unspaced) {
            if let Some(end) = word.end(text, at) {
                found(end, word.topics);
            }
        }
    }
}

impl Words {
    /// Returns the words with this first byte of UTF-8.
    fn beginning_with(&self, c: char) -> &[Word] {
        let byte = usize::from(c.encode_utf8(&mut [0; 4]).as_bytes()[0]);
        let range = usize::from(self.first[byte])..usize::from(self.first[byte + 1]);
        self.words.get(range).unwrap_or_default()
    }
}

impl Word {
    /// Returns where the word ends that begins at `at`.
    fn end(&self, text: &[u8], at: usize) -> Option<usize> {
        let mut end = at;
        for known in self.text.chars() {
            if known == ' ' {
                let signs = text[end..].iter().take(3);
                let sign = |byte: &&u8| matches!(byte, b' ' | b'_' | b'-' | b'.' | b'\n');
                let length = signs.take_while(sign).count();
                // `socialSecurity` is two words.
                if length == 0 && !is_hump(text, end) {
                    return None;
                }
                end += length;
            } else if lower(text, end)? == known {
                end += character(text, end)?.len_utf8();
            } else {
                return None;
            }
        }
        if self.unspaced {
            return Some(end);
        }
        let inflection = if self.inflected { INFLECTION } else { 0 };
        for _ in 0..inflection {
            if ends_word(text, end) {
                break;
            }
            end += character(text, end)?.len_utf8();
        }
        ends_word(text, end).then_some(end)
    }
}

/// The character at an offset, in lower case.
fn lower(text: &[u8], at: usize) -> Option<char> {
    let c = character(text, at)?;
    if c.is_ascii() {
        return Some(c.to_ascii_lowercase());
    }
    c.to_lowercase().next()
}

/// Whether a word can begin at an offset: behind a sign, or with a capital of `camelCase`.
fn begins_word(text: &[u8], at: usize) -> bool {
    let before = (1..=4.min(at)).find_map(|back| {
        let start = at - back;
        let leads = text[start].is_ascii() || text[start] >= 0xc0;
        leads.then(|| character(text, start))
    });
    let before = before.flatten();
    before.is_none_or(|c| !c.is_alphanumeric()) || is_hump(text, at)
}

/// Whether a word can end at an offset.
fn ends_word(text: &[u8], at: usize) -> bool {
    character(text, at).is_none_or(|c| !c.is_alphabetic()) || is_hump(text, at)
}

/// Whether a capital letter begins a word of `camelCase` at `at`.
fn is_hump(text: &[u8], at: usize) -> bool {
    let before = at.checked_sub(1).map(|before| text[before]);
    before.is_some_and(|byte| byte.is_ascii_lowercase())
        && text.get(at).is_some_and(u8::is_ascii_uppercase)
}

/// Scripts that write words together: Thai, Lao, Burmese, Khmer, kana, Han, Hangul.
fn is_unspaced(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
        | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{9fff}' | '\u{ac00}'..='\u{d7a3}')
}

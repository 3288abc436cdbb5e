//! The words that announce something, in one table.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use kt_detect::fold;

use super::identifiers::identifiers;
use super::topic::{Topic, Topics};
use super::words::{ADDRESS, NATIONAL, OTHER, PHONE, PHONE_IN_PROSE, VERSION};
use crate::text::character;

/// Longest phrase, in bytes, that goes on behind the end of a text.
pub(super) const LONGEST_PHRASE: usize = 28;
/// Letters that an inflection may add.
const INFLECTION: usize = 4;

/// A word or phrase, folded and in lower case.
struct Word {
    text: String,
    /// Whether letters may follow.
    inflected: bool,
    /// Whether it needs no boundaries: scripts that write words together.
    unspaced: bool,
    topics: Topics,
}

impl Word {
    /// The first two bytes; behind one letter alone stands a space.
    fn key(&self) -> u16 {
        let bytes = self.text.as_bytes();
        key(bytes[0], bytes.get(1).copied().unwrap_or(b' '))
    }
}

fn key(first: u8, second: u8) -> u16 {
    u16::from_be_bytes([first, second])
}

/// All words, sorted.
struct WordTable {
    words: Vec<Word>,
    /// For each [`Word::key`] where its words begin, counted from 1; 0 if there are none.
    begin: Vec<u16>,
}

static WORDS: LazyLock<WordTable> = LazyLock::new(|| {
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
    let mut begin = vec![0; 1 << 16];
    for (at, word) in words.iter().enumerate().rev() {
        // Some hundred words.
        begin[usize::from(word.key())] = u16::try_from(at + 1).unwrap_or_default();
    }
    WordTable { words, begin }
});

impl WordTable {
    /// Calls `take` with each word that may begin at `at`.
    #[inline]
    fn beginning_at(&self, text: &[u8], at: usize, mut take: impl FnMut(&Word)) {
        let byte = text[at];
        let key = if byte.is_ascii_alphabetic() {
            if at > 0 && text[at - 1].is_ascii_alphanumeric() && !is_hump(text, at) {
                return;
            }
            let second = text.get(at + 1).filter(|b| b.is_ascii_alphanumeric());
            key(
                byte.to_ascii_lowercase(),
                second.map_or(b' ', u8::to_ascii_lowercase),
            )
        } else if byte >= 0xc0 {
            match lower(text, at)
                .map(|c| c.encode_utf8(&mut [0; 4]).as_bytes().first_chunk().copied())
            {
                Some(Some([first, second])) => key(first, second),
                _ => return,
            }
        } else {
            return;
        };
        let Some(from) = usize::from(self.begin[usize::from(key)]).checked_sub(1) else {
            return;
        };
        let words = self.words[from..].iter();
        words
            .take_while(|word| word.key() == key)
            .for_each(&mut take);
    }
}

/// Calls `found` with the end and the topics of each known word of `text` from `from` on. Returns
/// where the first word begins that may go on behind the text.
pub(super) fn words_of(text: &[u8], from: usize, mut found: impl FnMut(usize, Topics)) -> usize {
    let mut open = text.len();
    for at in from..text.len() {
        WORDS.beginning_at(text, at, |word| {
            if let Some(end) = word.end(text, at) {
                found(end, word.topics);
            }
            if at + LONGEST_PHRASE > text.len() && word.may_go_on(text, at) {
                open = open.min(at);
            }
        });
    }
    // The second byte decides about the last one.
    let is_letter = |byte: &u8| byte.is_ascii_alphabetic() || !byte.is_ascii();
    open.min(text.len() - usize::from(text.last().is_some_and(is_letter)))
}

impl Word {
    /// Whether the third byte of a text is another one; behind a space in second place any may be.
    fn differs(&self, third: u8, byte: Option<&u8>) -> bool {
        let spaced = self.text.as_bytes()[1] == b' ';
        !spaced && byte.map(u8::to_ascii_lowercase) != Some(third)
    }

    /// Whether the first bytes of the word are at `at`, as far as the text goes.
    fn may_go_on(&self, text: &[u8], at: usize) -> bool {
        let third = self.text.as_bytes().get(2);
        let third = third.filter(|byte| byte.is_ascii_alphanumeric() && text[at].is_ascii());
        third.is_none_or(|third| match text.get(at + 2) {
            Some(byte) => !self.differs(*third, Some(byte)),
            None => true,
        })
    }

    /// Returns where the word ends that begins at `at`.
    fn end(&self, text: &[u8], at: usize) -> Option<usize> {
        // Most words differ in the third byte; the first two are the same.
        let third = self.text.as_bytes().get(2);
        let third = third.filter(|byte| byte.is_ascii_alphanumeric() && text[at].is_ascii());
        if third.is_some_and(|third| self.differs(*third, text.get(at + 2))) {
            return None;
        }
        if !self.unspaced && !begins_word(text, at) {
            return None;
        }
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
            } else if known.is_ascii() {
                let byte = text.get(end)?.to_ascii_lowercase();
                if char::from(byte) != known {
                    return None;
                }
                end += 1;
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

//! One word of a text.

use super::class::{CLASSES, Class, in_word, stands_alone, unleet};
use super::hash::{STEM, WordHash, single};
use super::model::Token;
use crate::alphabet::is_lower;
use crate::letters::{LOWER, hump, letters, load, mask};

/// Digits of a number that are counted.
const LONGEST_NUMBER: u32 = 6;

/// The two hashes of a word.
#[derive(Clone, Copy)]
struct Hashes {
    word: WordHash,
    stem: WordHash,
}

impl Hashes {
    const EMPTY: Self = Self {
        word: WordHash::EMPTY,
        stem: WordHash::EMPTY,
    };

    #[inline]
    fn push(&mut self, letter: u32, length: u32) {
        self.word.push(letter, length == 0);
        if (length as usize) < STEM {
            self.stem.push(letter, length == 0);
        }
    }
}

/// Reads the word that begins at `start`; its end is that of the token.
pub(super) fn word(text: &str, start: usize) -> Token {
    plain_word(text.as_bytes(), start)
        .or_else(|| number(text.as_bytes(), start))
        .unwrap_or_else(|| any_word(text, start))
}

/// Reads a number without letters.
fn number(text: &[u8], start: usize) -> Option<Token> {
    let rest = &text[start..];
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let behind = rest.get(digits).map(|byte| CLASSES[usize::from(*byte)]);
    let ends = matches!(behind, None | Some(Class::Separator | Class::Sign));
    (digits > 0 && ends).then(|| {
        let hash = NUMBERS[digits.min(NUMBERS.len() - 1)];
        Token::new(hash, hash, start..start + digits)
    })
}

/// The hashes of numbers, of which only the length counts.
static NUMBERS: [u32; LONGEST_NUMBER as usize + 1] = {
    let mut hashes = [0; LONGEST_NUMBER as usize + 1];
    let mut digits = 0;
    while digits <= LONGEST_NUMBER {
        hashes[digits as usize] = single(0x200 + digits);
        digits += 1;
    }
    hashes
};

/// Reads a word of nothing but ASCII letters, of which most texts consist, eight of them at once.
#[inline]
fn plain_word(text: &[u8], start: usize) -> Option<Token> {
    let head = load(text, start);
    let (count, ends) = part(head, false)?;
    let first = u32::from(head.to_le_bytes()[0] | 0x20);
    let mut word = WordHash::EMPTY;
    word.push(first, true);
    let (stem, word) = word.push_head(head & mask(count));
    let (mut word, mut end) = (word, start + count);
    if count == 8 && !ends {
        // The last of the letters before is lower case, unless its bit is not set.
        let mut before = head;
        loop {
            let next = load(text, end);
            let is_lower = before.to_le_bytes()[7].is_ascii_lowercase();
            let (count, ends) = part(next, is_lower).unwrap_or((0, false));
            word.push_letters(next & mask(count));
            end += count;
            if ends {
                return Some(Token::new(word.word(), stem.stem(), start..end));
            }
            if count < 8 {
                break;
            }
            before = next;
        }
    }
    if !ends {
        let behind = text.get(end).map(|byte| CLASSES[usize::from(*byte)]);
        if !matches!(behind, None | Some(Class::Separator | Class::Sign)) {
            return None;
        }
    }
    let mut token = Token::new(word.word(), stem.stem(), start..end);
    if end == start + 1 {
        token.letter = first;
    }
    Some(token)
}

/// Returns how many of eight bytes are letters of a word, from the first on, and whether it ends
/// behind them since a capital begins another one: camelCase is two words. `None` if there are
/// none.
#[inline]
fn part(bytes: u64, after_lower: bool) -> Option<(usize, bool)> {
    let count = letters(bytes);
    let word = bytes & mask(count);
    if count == 0 {
        return None;
    }
    if after_lower && bytes & LOWER & 0xff == 0 {
        return Some((0, true));
    }
    Some(match hump(word) {
        None => (count, false),
        Some(capital) => (capital, true),
    })
}

fn any_word(text: &str, start: usize) -> Token {
    let mut word = read_word(text, start, |digit| digit);
    if word.letters == 0 {
        let hash = NUMBERS[word.digits.min(LONGEST_NUMBER) as usize];
        return Token::new(hash, hash, start..word.end);
    }
    if word.digits > 0 && word.letters >= 2 {
        word = read_word(text, start, unleet);
    }
    let hashes = word.hashes;
    let mut token = Token::new(hashes.word.word(), hashes.stem.stem(), start..word.end);
    if word.letters == 1 && word.length == 1 {
        token.letter = word.letter;
    }
    token
}

/// A word that was read.
struct Word {
    hashes: Hashes,
    length: u32,
    letters: u32,
    digits: u32,
    /// The last letter.
    letter: u32,
    end: usize,
}

/// Reads a word, each digit as `digit` says.
#[inline]
fn read_word(text: &str, start: usize, digit: impl Fn(u8) -> u8) -> Word {
    let bytes = text.as_bytes();
    let mut word = Word {
        hashes: Hashes::EMPTY,
        length: 0,
        letters: 0,
        digits: 0,
        letter: 0,
        end: start,
    };
    let mut last = Class::Separator;
    while let Some(byte) = bytes.get(word.end) {
        let class = CLASSES[usize::from(*byte)];
        match class {
            // camelCase is two words.
            Class::Upper if last == Class::Lower => break,
            Class::Lower | Class::Upper => {
                word.letter = u32::from(byte | 0x20);
                word.hashes.push(word.letter, word.length);
                word.letters += 1;
                word.length += 1;
                word.end += 1;
            }
            Class::Digit => {
                word.hashes.push(u32::from(digit(*byte)), word.length);
                word.digits += 1;
                word.length += 1;
                word.end += 1;
            }
            Class::Transparent => {
                word.end += 1;
                continue;
            }
            Class::Wide => {
                let Some(c) = text[word.end..].chars().next() else {
                    break;
                };
                if !in_word(c) || stands_alone(c) {
                    break;
                }
                let mut push = |lower: char| {
                    word.letter = u32::from(lower);
                    word.hashes.push(word.letter, word.length);
                    word.length += 1;
                };
                if is_lower(c) {
                    push(c);
                } else {
                    c.to_lowercase().for_each(push);
                }
                word.letters += 1;
                word.end += c.len_utf8();
            }
            Class::Separator | Class::Sign => break,
        }
        last = class;
    }
    word
}

/// The token of letters that were written apart.
pub(super) fn joined(letters: &[Token]) -> Token {
    let mut hashes = Hashes::EMPTY;
    for (letter, length) in letters.iter().zip(0..) {
        hashes.push(letter.letter, length);
    }
    let start = letters.first().map_or(0, Token::range_start);
    let end = letters.last().map_or(0, |token| token.range().end);
    let mut token = Token::new(hashes.word.word(), hashes.stem.stem(), start..end);
    token.joined = true;
    token
}

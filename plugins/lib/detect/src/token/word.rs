//! One word of a text.

use super::class::{CLASSES, Class, in_word, stands_alone, unleet};
use super::hash::{WordHash, single};
use super::model::Token;

/// Letters that the stem of a word has.
const STEM: u32 = 5;
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
        if length < STEM {
            self.stem.push(letter, length == 0);
        }
    }
}

/// Reads the word that begins at `start`; its end is that of the token.
pub(super) fn word(text: &str, start: usize) -> Token {
    plain_word(text.as_bytes(), start).unwrap_or_else(|| any_word(text, start))
}

/// Reads a word of nothing but ASCII letters, of which most texts consist.
#[inline]
fn plain_word(text: &[u8], start: usize) -> Option<Token> {
    let mut letters = text[start..].iter();
    let first = *letters.next()?;
    let mut last = CLASSES[usize::from(first)];
    if !matches!(last, Class::Lower | Class::Upper) {
        return None;
    }
    let mut word = WordHash::EMPTY;
    word.push(u32::from(first | 0x20), true);
    let mut stem = word;
    let mut length = 1;
    for byte in letters {
        let class = CLASSES[usize::from(*byte)];
        match class {
            // camelCase is two words.
            Class::Upper if last == Class::Lower => break,
            Class::Lower | Class::Upper => {
                word.push(u32::from(byte | 0x20), false);
                length += 1;
                if length <= STEM {
                    stem = word;
                }
            }
            Class::Separator | Class::Sign => break,
            Class::Digit | Class::Transparent | Class::Wide => return None,
        }
        last = class;
    }
    let end = start + length as usize;
    let mut token = Token::new(word.word(), stem.stem(), start..end);
    if length == 1 {
        token.letter = u32::from(first | 0x20);
    }
    Some(token)
}

fn any_word(text: &str, start: usize) -> Token {
    let bytes = text.as_bytes();
    let mut written = Hashes::EMPTY;
    let mut unleeted = Hashes::EMPTY;
    let (mut length, mut letters, mut digits) = (0, 0, 0);
    let mut last = Class::Separator;
    let mut letter = 0;
    let mut at = start;
    while let Some(byte) = bytes.get(at) {
        let class = CLASSES[usize::from(*byte)];
        match class {
            // camelCase is two words.
            Class::Upper if last == Class::Lower => break,
            Class::Lower | Class::Upper => {
                letter = u32::from(byte | 0x20);
                written.push(letter, length);
                unleeted.push(letter, length);
                letters += 1;
                length += 1;
                at += 1;
            }
            Class::Digit => {
                written.push(u32::from(*byte), length);
                unleeted.push(u32::from(unleet(*byte)), length);
                digits += 1;
                length += 1;
                at += 1;
            }
            Class::Transparent => {
                at += 1;
                continue;
            }
            Class::Wide => {
                let Some(c) = text[at..].chars().next() else {
                    break;
                };
                if !in_word(c) || stands_alone(c) {
                    break;
                }
                for lower in c.to_lowercase() {
                    letter = u32::from(lower);
                    written.push(letter, length);
                    unleeted.push(letter, length);
                    length += 1;
                }
                letters += 1;
                at += c.len_utf8();
            }
            Class::Separator | Class::Sign => break,
        }
        last = class;
    }
    if letters == 0 {
        // Of a number only the length counts.
        let hash = single(0x200 + digits.min(LONGEST_NUMBER));
        return Token::new(hash, hash, start..at);
    }
    let hashes = if digits > 0 && letters >= 2 {
        unleeted
    } else {
        written
    };
    let mut token = Token::new(hashes.word.word(), hashes.stem.stem(), start..at);
    if length == 1 && letters == 1 {
        token.letter = letter;
    }
    token
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

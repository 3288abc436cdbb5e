//! The tokens of a folded text.
//!
//! A token is a run of letters and digits, one character of a script that is
//! written without spaces, or a run of signs that structure text. What
//! separates tokens does not matter: line breaks, commas, underscores and marks
//! of emphasis change nothing.

use super::class::{CLASSES, Class, stands_alone};
use super::hash::{bucket, pair, single};
use super::model::Token;
use super::spaced;
use super::word::word;
use crate::alphabet::is_alphanumeric;

/// Tokens within which a pair counts once.
const REPETITION: u32 = 64;
/// Tokens of a short text.
const FEW: usize = 16;
/// Binary logarithm of the number of pairs that are remembered.
const REMEMBERED: u32 = 9;

/// Replaces `tokens` by those of a folded text.
pub fn tokens(text: &str, tokens: &mut Vec<Token>) {
    tokens.clear();
    // A token has four or five letters and a space; growing copies it.
    tokens.reserve(text.len() / 5);
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match CLASSES[usize::from(*byte)] {
            Class::Separator | Class::Transparent => at += 1,
            Class::Sign => {
                let hash = single(u32::from(*byte) | 0x100);
                let signs = bytes[at..].iter();
                let signs = signs.take_while(|b| CLASSES[usize::from(**b)] == Class::Sign);
                let end = at + signs.count();
                let mut token = Token::new(hash, hash, at..end);
                token.sign = true;
                tokens.push(token);
                at = end;
            }
            Class::Wide => at = wide(text, at, tokens),
            Class::Lower | Class::Upper | Class::Digit => {
                let token = word(text, at);
                at = token.range().end;
                tokens.push(token);
            }
        }
    }
    // Nearly no text has letters that are written apart.
    if tokens
        .windows(2)
        .any(|pair| spaced::are_near(&pair[0], &pair[1]))
    {
        spaced::join(bytes, tokens);
    }
    mark_repeated(tokens);
}

/// Takes the character at `at`, which is not ASCII; returns where the next
/// token can begin.
fn wide(text: &str, at: usize, tokens: &mut Vec<Token>) -> usize {
    let Some(c) = text[at..].chars().next() else {
        return text.len();
    };
    let end = at + c.len_utf8();
    if !is_alphanumeric(c) {
        return end;
    }
    if stands_alone(c) {
        let hash = single(u32::from(c));
        tokens.push(Token::new(hash, hash, at..end));
        return end;
    }
    let token = word(text, at);
    let end = token.range().end;
    tokens.push(token);
    end
}

/// The same of so few tokens that none is too far behind another.
fn mark_few(tokens: &mut [Token]) {
    let mut pairs = [0; FEW];
    for at in 1..tokens.len() {
        let pair = pair(tokens[at - 1].word, tokens[at].word, 9);
        // The last pair with the same place in the table.
        let place = bucket(pair, REMEMBERED);
        let mut known = pairs[1..at].iter().rev();
        let known = known.find(|known| bucket(**known, REMEMBERED) == place);
        tokens[at].repeated = known.map_or(pair == 0, |known| *known == pair);
        pairs[at] = pair;
    }
}

fn mark_repeated(tokens: &mut [Token]) {
    // Few tokens are compared with one another, which is faster than to clear a table.
    if tokens.len() <= FEW {
        return mark_few(tokens);
    }
    let mut recent = [(0_u32, 0_u32); 1 << REMEMBERED];
    let mut before = tokens.first().map_or(0, |token| token.word);
    for (token, index) in tokens.iter_mut().skip(1).zip(1..) {
        let pair = pair(before, token.word, 9);
        before = token.word;
        let (known, last) = &mut recent[bucket(pair, REMEMBERED)];
        token.repeated = *known == pair && index - *last < REPETITION;
        (*known, *last) = (pair, index);
    }
}

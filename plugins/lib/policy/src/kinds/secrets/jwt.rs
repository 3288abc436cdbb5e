//! JSON Web Tokens (RFC 7519): two parts of Base64 that begin with `{"`, joined by a dot.

use super::allowed;
use super::format::Class;
use crate::chain::{Match, Rest, RestState, View};
use crate::text::after_word;

/// What a JSON object begins with in Base64: `{"`.
pub(super) const PREFIX: &str = "eyJ";
const START: &[u8] = PREFIX.as_bytes();
/// Least and greatest length of the first part.
const HEADER: std::ops::RangeInclusive<usize> = 12..=1000;
/// Most bytes behind the beginning of the second part.
const MAX_REST: usize = 64 << 10;

/// Looks for a token that begins at `at`. Its first part and the beginning of the second one
/// decide.
pub(super) fn at(view: View<'_>, at: usize, steps: &mut usize) -> Match {
    let text = &view.text[at..];
    // A run of tokens is one: nothing begins within it.
    let inside = view.text[..at]
        .last()
        .is_some_and(|b| matches!(b, b'-' | b'.'));
    if text[0] != START[0] || after_word(view.text, at) || inside {
        return Match::None;
    }
    let common = text.iter().zip(START).take_while(|(a, b)| a == b).count();
    if common < START.len() {
        // Every token begins so.
        let constant = view.may_leave(at, |_| true);
        return open_if(view, common == text.len() && !constant);
    }
    let run = text.iter().take(HEADER.end() + 1);
    let header = run.take_while(|byte| Class::Token.has(**byte)).count();
    *steps += header;
    if view.is_open_at(at + header) && header <= *HEADER.end() {
        return Match::Open;
    }
    let Some(payload) = text[header..]
        .strip_prefix(b".")
        .filter(|_| HEADER.contains(&header))
    else {
        return Match::None;
    };
    let common = payload
        .iter()
        .zip(START)
        .take_while(|(a, b)| a == b)
        .count();
    if common < START.len() {
        return open_if(view, common == payload.len());
    }
    let known = text
        .iter()
        .zip(allowed::JWT)
        .take_while(|(a, b)| a == b)
        .count();
    *steps += known;
    if known == allowed::JWT.len() {
        return Match::None;
    }
    if known == text.len() && !view.complete {
        return Match::Open;
    }
    Match::End(at + header + 1 + START.len())
}

/// Returns the rest of a token.
pub(super) fn rest() -> Rest {
    Rest {
        takes,
        state: RestState::default(),
    }
}

fn takes(state: &mut RestState, byte: u8) -> bool {
    state.bytes += 1;
    state.bytes <= MAX_REST && Class::Dotted.has(byte)
}

fn open_if(view: View<'_>, may: bool) -> Match {
    if may && !view.complete {
        Match::Open
    } else {
        Match::None
    }
}

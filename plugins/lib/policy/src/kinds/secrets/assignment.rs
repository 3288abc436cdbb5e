//! Values behind the name of a secret: `DB_PASSWORD=…`, `"apiKey": "…"`, `Authorization: Bearer …`.

use super::allowed::is_documented;
use super::value::{is_placeholder, is_random};
use crate::chain::{Match, Rest, RestState, View};

/// The least length of a value.
const MIN_VALUE: usize = 8;
/// A longer value is certain before it ends.
const MAX_VALUE: usize = 256;
/// Most bytes behind that.
const MAX_REST: usize = 16 << 10;
/// Most bytes of a name that are read.
const MAX_NAME: usize = 48;
/// Most blanks around the sign.
const MAX_BLANKS: usize = 4;

/// What the names of secrets end with, without `_` and `-`.
const NAMES: [&str; 24] = [
    "password",
    "passwd",
    "pwd",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "apisecret",
    "secretkey",
    "secretaccesskey",
    "accesskey",
    "privatekey",
    "clientsecret",
    "encryptionkey",
    "signingkey",
    "masterkey",
    "authkey",
    "accountkey",
    "sharedaccesskey",
    "secretkeybase",
    "credential",
    "credentials",
    "authtoken",
    "connectionstring",
];

/// Names that end with one of those, but whose values are none: positions in lists, and counts.
const OTHER_NAMES: [&str; 6] = [
    "pagetoken",
    "continuationtoken",
    "nexttoken",
    "synctoken",
    "publictoken",
    "cancellationtoken",
];

/// What the names of schemes of authorization end with.
pub(super) const ENDINGS: [[u8; 2]; 2] = [*b"er", *b"ic"];

/// Whether the bytes before a value may announce it: nearly all words have a letter and a blank
/// before them.
#[inline]
pub(super) fn may_begin(before: &[u8]) -> bool {
    let mut last = before.iter().rev();
    match last.next() {
        Some(b'=' | b':' | b'>' | b'"' | b'\'' | b'`') => true,
        Some(b' ' | b'\t') => match last.next() {
            Some(b'=' | b':' | b'>' | b' ' | b'\t') => true,
            Some(b'r' | b'R' | b'c' | b'C') => is_scheme(&before[..before.len() - 1]),
            _ => false,
        },
        _ => false,
    }
}

/// Whether a text ends with the name of a scheme of authorization.
fn is_scheme(text: &[u8]) -> bool {
    let ends = |name: &[u8]| {
        let start = text.len().checked_sub(name.len());
        start.is_some_and(|start| text[start..].eq_ignore_ascii_case(name))
    };
    ends(b"bearer") || ends(b"basic")
}

/// Looks for a value that begins at `at`, or behind the label of the text.
pub(super) fn at(view: View<'_>, at: usize, label: Option<&[u8]>, steps: &mut usize) -> Match {
    let announced = match label {
        Some(label) => is_secret_name(label),
        None => is_announced(&view.text[..at], steps),
    };
    if !announced {
        return Match::None;
    }
    let rest = &view.text[at..];
    let quote = view.text[..at]
        .last()
        .copied()
        .filter(|byte| is_quote(*byte));
    let run = rest.iter().take(MAX_VALUE);
    let length = run.take_while(|byte| is_value(**byte, quote)).count();
    *steps += length;
    if length < MAX_VALUE && view.is_open_at(at + length) {
        return Match::Open;
    }
    let value = trim_end(&rest[..length]);
    // `secret(…)` and `config[…]` are code.
    let code = rest
        .get(length)
        .is_some_and(|byte| matches!(byte, b'(' | b'['));
    let address = value.windows(3).any(|part| part == b"://");
    // The form of a JSON Web Token tells more.
    let token = value.starts_with(b"eyJ") && value.windows(4).any(|part| part == b".eyJ");
    let digit = value.iter().any(u8::is_ascii_digit);
    let letter = value.iter().any(u8::is_ascii_alphabetic);
    let reference = quote.is_none() && label.is_none() && is_identifier(value);
    let named = value.iter().any(|byte| matches!(byte, b'(' | b'['));
    let found = value.len() >= MIN_VALUE
        && !(code || address || named || token || reference)
        && digit
        && letter
        && is_random(value)
        && !is_placeholder(value)
        && !is_documented(value);
    if found {
        Match::End(at + value.len())
    } else {
        Match::None
    }
}

/// Returns the rest of a value that is longer than what decides.
pub(super) fn rest(found: usize) -> Option<Rest> {
    (found >= MAX_VALUE).then_some(Rest {
        takes: |state, byte| {
            state.bytes += 1;
            state.bytes <= MAX_REST && is_value(byte, None)
        },
        state: RestState::default(),
    })
}

/// Returns whether a value is a name of code, such as `WIN32_ERROR` or `node.colon2_token`: parts
/// of letters with few digits between.
fn is_identifier(value: &[u8]) -> bool {
    let joined = value.iter().any(|byte| matches!(byte, b'_' | b'.'));
    let plain = value.iter().all(|byte| is_name(*byte) && *byte != b'-');
    let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    let changes = value.windows(2).filter(|pair| {
        let kinds = (pair[0].is_ascii_digit(), pair[1].is_ascii_digit());
        let letter = pair.iter().any(u8::is_ascii_alphabetic);
        letter && kinds.0 != kinds.1
    });
    joined && plain && digits <= 3 && changes.count() <= 2
}

fn is_quote(byte: u8) -> bool {
    matches!(byte, b'"' | b'\'' | b'`')
}

/// Whether a byte belongs to a value, which may be in quotes.
fn is_value(byte: u8, quote: Option<u8>) -> bool {
    match quote {
        Some(quote) => byte.is_ascii_graphic() && byte != quote && byte != b'\\',
        None => byte.is_ascii_graphic() && !b"\"'`,;<>()[]{}\\|".contains(&byte),
    }
}

/// A full stop or a question mark ends the sentence, not the value.
fn trim_end(value: &[u8]) -> &[u8] {
    let signs = value
        .iter()
        .rev()
        .take_while(|byte| matches!(byte, b'.' | b'?' | b'!' | b':'));
    &value[..value.len() - signs.count()]
}

/// Returns whether the name of a secret and a sign stand at the end of a text.
fn is_announced(before: &[u8], steps: &mut usize) -> bool {
    let mut rest = before;
    if rest.last().is_some_and(|byte| is_quote(*byte)) {
        rest = &rest[..rest.len() - 1];
        rest = rest.strip_suffix(b"\\").unwrap_or(rest);
    }
    let spaced = trim_blanks(rest);
    if spaced.len() < rest.len() && is_scheme(spaced) {
        return true;
    }
    let Some((sign, name)) = spaced.split_last() else {
        return false;
    };
    let name = match sign {
        b'=' => name.strip_suffix(b":").unwrap_or(name),
        b':' => name,
        b'>' => name.strip_suffix(b"=").unwrap_or_default(),
        _ => return false,
    };
    let name = trim_blanks(name);
    let name = match name {
        [inner @ .., b']'] => inner,
        _ => name,
    };
    let name = match name {
        [inner @ .., b'"' | b'\'' | b'`' | b'*'] => inner,
        _ => name,
    };
    let name = name.strip_suffix(b"\\").unwrap_or(name);
    let near = &name[name.len().saturating_sub(MAX_NAME)..];
    let length = near.iter().rev().take_while(|byte| is_name(**byte)).count();
    *steps += length;
    is_secret_name(&near[near.len() - length..])
}

fn trim_blanks(text: &[u8]) -> &[u8] {
    let blanks = text.iter().rev().take(MAX_BLANKS);
    let blanks = blanks
        .take_while(|byte| matches!(byte, b' ' | b'\t'))
        .count();
    &text[..text.len() - blanks]
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}

/// Returns whether a name is that of a secret.
fn is_secret_name(name: &[u8]) -> bool {
    let near = &name[name.len().saturating_sub(MAX_NAME)..];
    let mut plain = [0u8; MAX_NAME];
    let mut length = 0;
    let letters = near.iter().filter(|byte| byte.is_ascii_alphanumeric());
    for (slot, byte) in plain.iter_mut().zip(letters) {
        *slot = byte.to_ascii_lowercase();
        length += 1;
    }
    let plain = &plain[..length];
    let ends = |names: &[&str]| names.iter().any(|name| plain.ends_with(name.as_bytes()));
    ends(&NAMES) && !ends(&OTHER_NAMES)
}

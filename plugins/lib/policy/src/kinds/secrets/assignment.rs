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
/// Most bytes of a user and of what stands before one.
const MAX_USER: usize = 60;
/// Most blanks around the sign.
const MAX_BLANKS: usize = 4;

/// What the names of passwords end with, without `_`, `-` and blanks, in many languages. Texts are
/// folded: accents are gone.
const PASSWORDS: [&str; 27] = [
    "password",
    "passwd",
    "pwd",
    "passphrase",
    "passcode",
    "passwort",
    "kennwort",
    "wachtwoord",
    "losenord",
    "adgangskode",
    "salasana",
    "motdepasse",
    "contrasena",
    "contrasenya",
    "senha",
    "palavrapasse",
    "parola",
    "hasło",
    "heslo",
    "jelszo",
    "sifre",
    "пароль",
    "密码",
    "密碼",
    "パスワード",
    "비밀번호",
    "matkhau",
];

/// The same for other secrets.
const NAMES: [&str; 16] = [
    "secret",
    "token",
    "apikey",
    "apisecret",
    "secretkey",
    "accesskey",
    "privatekey",
    "encryptionkey",
    "signingkey",
    "masterkey",
    "authkey",
    "accountkey",
    "secretkeybase",
    "credential",
    "credentials",
    "connectionstring",
];

/// Short names, which are no end of another word.
const SHORT_NAMES: [&str; 3] = ["pw", "pass", "creds"];

/// The bytes with which the names end.
const LAST: [bool; 256] = {
    const fn mark(mut last: [bool; 256], names: &[&str]) -> [bool; 256] {
        let mut at = 0;
        while at < names.len() {
            let name = names[at].as_bytes();
            last[name[name.len() - 1] as usize] = true;
            at += 1;
        }
        last
    }
    mark(mark(mark([false; 256], &PASSWORDS), &NAMES), &SHORT_NAMES)
};

/// The last two letters of the names, as bits.
const LAST_TWO: [u32; 256] = {
    const fn mark(mut pairs: [u32; 256], names: &[&str]) -> [u32; 256] {
        let mut at = 0;
        while at < names.len() {
            let [.., before, last] = names[at].as_bytes() else {
                panic!("a name has two letters");
            };
            pairs[*last as usize] |= 1 << (*before & 31);
            at += 1;
        }
        pairs
    }
    mark(mark(mark([0; 256], &PASSWORDS), &NAMES), &SHORT_NAMES)
};

/// Whether a name may end with two letters.
fn has_last(letters: [u8; 2]) -> bool {
    let [before, last] = letters.map(|letter| letter.to_ascii_lowercase());
    LAST_TWO[usize::from(last)] >> (before & 31) & 1 == 1
}

/// Words before the last one of a name that has blanks: `mot de passe`.
const SPACED: [&str; 3] = ["mot de ", "palavra ", "mat "];

/// Names that end with one of those, but whose values are none: positions in lists, and counts.
const OTHER_NAMES: [&str; 6] = [
    "pagetoken",
    "continuationtoken",
    "nexttoken",
    "synctoken",
    "publictoken",
    "cancellationtoken",
];

/// What stands before a blank before a value: schemes of authorization, `is`, and a name in bold
/// letters end so.
pub(super) const ENDINGS: [[u8; 2]; 4] = [*b"er", *b"ic", *b"is", *b"**"];

/// Whether the bytes before a value may announce it: nearly all words have a letter and a blank
/// before them, and nearly all names before a sign end with other letters.
#[inline]
pub(super) fn may_begin(before: &[u8]) -> bool {
    let mut rest = before;
    match rest {
        [inner @ .., b'"' | b'\'' | b'`'] => rest = inner.strip_suffix(b"\\").unwrap_or(inner),
        [.., b' ' | b'\t' | b'=' | b':' | b'>'] => {}
        _ => return false,
    }
    let spaced = trim_blanks(rest);
    let is_spaced = spaced.len() < rest.len();
    match spaced {
        [name @ .., b'='] => may_be_name(name.strip_suffix(b":").unwrap_or(name)),
        [name @ .., b':'] => may_be_name(name) || is_statement(name) || may_be_user(name),
        [.., b'=', b'>'] => true,
        [.., b'*'] => spaced.ends_with(BOLD),
        [.., b'r' | b'R' | b'c' | b'C'] => is_spaced && is_scheme(spaced),
        [.., b's' | b'S'] => is_spaced && is_statement(spaced),
        _ => false,
    }
}

/// Whether a text may end with the name of a secret, by the last two letters.
fn may_be_name(text: &[u8]) -> bool {
    match trim_signs(text) {
        [.., before, last] if last.is_ascii_alphanumeric() => {
            LAST[usize::from(last.to_ascii_lowercase())]
                && match before {
                    before if before.is_ascii_alphanumeric() => has_last([*before, *last]),
                    before => is_name(*before) || !before.is_ascii(),
                }
        }
        [.., last] => is_name(*last) || !last.is_ascii(),
        [] => false,
    }
}

/// Whether a text may end with a user and what stands before one: in the address of a service, and
/// in an option of `curl`.
fn may_be_user(text: &[u8]) -> bool {
    let is_user =
        |byte: &&u8| byte.is_ascii_graphic() && !matches!(byte, b':' | b'/' | b'"' | b'\'');
    let near = text.iter().rev().take(MAX_USER).take_while(is_user);
    let (before, user) = text.split_at(text.len() - near.count());
    match before {
        [.., b'/', b'/'] | [.., b'"' | b'\''] | [.., b'u' | b'U' | b'r', b' '] => true,
        // `--user=ann`.
        _ => user.contains(&b'='),
    }
}

/// Whether a text ends with another one, without regard to case.
fn ends_with(text: &[u8], end: &[u8]) -> bool {
    let start = text.len().checked_sub(end.len());
    start.is_some_and(|start| text[start..].eq_ignore_ascii_case(end))
}

/// Whether a text ends with the name of a scheme of authorization.
fn is_scheme(text: &[u8]) -> bool {
    ends_with(text, b"bearer") || ends_with(text, b"basic")
}

/// The end of a name in bold letters, as Markdown writes it: `**Password:**`.
const BOLD: &[u8] = b":**";

/// Whether a text ends with `is`, as in "the password is".
fn is_statement(text: &[u8]) -> bool {
    let end = text.len().checked_sub(3).map(|start| &text[start..]);
    end.is_some_and(|end| end.eq_ignore_ascii_case(b" is"))
}

/// Looks for a value that begins at `at`, or behind the label of the text.
pub(super) fn at(view: View<'_>, at: usize, label: Option<&[u8]>, steps: &mut usize) -> Match {
    let name = match label {
        Some(label) => secret_name(label),
        None => announced(&view.text[..at], steps),
    };
    let Some(name) = name else {
        return Match::None;
    };
    let rest = &view.text[at..];
    let quote = view.text[..at]
        .last()
        .copied()
        .filter(|byte| is_quote(*byte));
    let escapes = quote.is_some() && !view.text[..at - 1].ends_with(b"\\");
    let length = value_length(rest, quote, escapes, view.complete);
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
        && is_random(value, name.min_entropy())
        && !is_placeholder(value)
        && !is_documented(value);
    if found {
        Match::End(at + value.len())
    } else {
        Match::None
    }
}

/// Returns how many bytes belong to a value, at most [`MAX_VALUE`]. Within quotes a backslash may
/// escape the next character, if the quotes are not escaped themselves.
fn value_length(rest: &[u8], quote: Option<u8>, escapes: bool, complete: bool) -> usize {
    let mut length = 0;
    while length < rest.len().min(MAX_VALUE) {
        match (rest[length], rest.get(length + 1)) {
            (byte, _) if is_value(byte, quote) => length += 1,
            (b'\\', Some(next)) if escapes && next.is_ascii_graphic() => length += 2,
            // What is escaped can still arrive.
            (b'\\', None) if escapes && !complete => length += 1,
            _ => break,
        }
    }
    length.min(rest.len())
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

/// What announces a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Name {
    /// People choose passwords: they repeat letters.
    Password,
    Other,
}

impl Name {
    /// The least entropy of a value, in bits for each character.
    fn min_entropy(self) -> f64 {
        match self {
            Self::Password => 2.5,
            Self::Other => 3.0,
        }
    }
}

/// Returns what the name of a secret and a sign at the end of a text announce.
fn announced(before: &[u8], steps: &mut usize) -> Option<Name> {
    let mut rest = before;
    if rest.last().is_some_and(|byte| is_quote(*byte)) {
        rest = &rest[..rest.len() - 1];
        rest = rest.strip_suffix(b"\\").unwrap_or(rest);
    }
    let spaced = trim_blanks(rest);
    if spaced.len() < rest.len() && is_scheme(spaced) {
        return Some(Name::Other);
    }
    if spaced.len() < rest.len() && is_statement(spaced) {
        let name = announced_by(&spaced[..spaced.len() - b" is".len()], steps);
        return name.filter(|name| *name == Name::Password);
    }
    let spaced = match spaced.strip_suffix(BOLD) {
        Some(name) => &spaced[..=name.len()],
        None => spaced,
    };
    let (sign, name) = spaced.split_last()?;
    let name = match sign {
        b'=' => name.strip_suffix(b":").unwrap_or(name),
        b':' => {
            let stated = is_statement(name);
            &name[..name.len() - if stated { b" is".len() } else { 0 }]
        }
        b'>' => name.strip_suffix(b"=").unwrap_or_default(),
        _ => return None,
    };
    if *sign == b':' && is_user_option(name) {
        return Some(Name::Password);
    }
    announced_by(name, steps)
}

/// Whether a text ends with the option of `curl` that has a user before a password.
fn is_user_option(before: &[u8]) -> bool {
    let near = &before[before.len().saturating_sub(MAX_NAME)..];
    let user = near.iter().rev().take_while(|byte| is_name(**byte)).count();
    let option = &near[..near.len() - user];
    let option = option
        .strip_suffix(b"\"")
        .or_else(|| option.strip_suffix(b"'"))
        .unwrap_or(option);
    user > 0
        && [
            &b" -u "[..],
            b" --user ",
            b" --proxy-user ",
            b" --user=",
            b" -U ",
        ]
        .iter()
        .any(|known| option.ends_with(known))
}

/// Returns what the name of a secret at the end of a text announces.
fn announced_by(name: &[u8], steps: &mut usize) -> Option<Name> {
    let name = trim_signs(name);
    let near = &name[name.len().saturating_sub(MAX_NAME)..];
    let mut length = name_length(near);
    let before = &near[..near.len() - length];
    let spaced = SPACED
        .iter()
        .find(|word| ends_with(before, word.as_bytes()));
    length += spaced.map_or(0, |word| word.len());
    *steps += length;
    secret_name(&near[near.len() - length..])
}

/// A text without the blanks and signs that may stand behind a name.
fn trim_signs(text: &[u8]) -> &[u8] {
    let name = trim_blanks(text);
    let mut name = match name {
        [inner @ .., b']'] => inner,
        _ => name,
    };
    // Quotes, and Markdown's signs of emphasis.
    for _ in 0..2 {
        name = match name {
            [inner @ .., b'"' | b'\'' | b'`' | b'*' | b'_'] => inner,
            _ => name,
        };
    }
    name.strip_suffix(b"\\").unwrap_or(name)
}

/// Returns how many bytes at the end of a text belong to a name.
fn name_length(text: &[u8]) -> usize {
    text.iter()
        .rev()
        .take_while(|byte| is_name(**byte) || !byte.is_ascii())
        .count()
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

/// Returns what a name announces, if it is that of a secret.
fn secret_name(name: &[u8]) -> Option<Name> {
    let near = &name[name.len().saturating_sub(MAX_NAME)..];
    let mut plain = [0u8; MAX_NAME];
    let mut length = 0;
    let letters = near
        .iter()
        .filter(|byte| byte.is_ascii_alphanumeric() || !byte.is_ascii());
    for (slot, byte) in plain.iter_mut().zip(letters) {
        *slot = byte.to_ascii_lowercase();
        length += 1;
    }
    let plain = &plain[..length];
    // Nearly all names end with another letter.
    let may_end = |last: &u8| !last.is_ascii() || LAST[usize::from(*last)];
    if !plain.last().is_some_and(may_end) {
        return None;
    }
    let lower = (!plain.is_ascii()).then(|| String::from_utf8_lossy(plain).to_lowercase());
    let plain = lower.as_ref().map_or(plain, |lower| lower.as_bytes());
    let ends = |names: &[&str]| names.iter().any(|name| plain.ends_with(name.as_bytes()));
    if ends(&PASSWORDS) {
        return Some(Name::Password);
    }
    let last = near
        .rsplit(|byte| matches!(byte, b'_' | b'-' | b'.'))
        .next();
    let short = last.is_some_and(|last| {
        SHORT_NAMES
            .iter()
            .any(|name| last.eq_ignore_ascii_case(name.as_bytes()))
    });
    if short {
        return Some(Name::Password);
    }
    (ends(&NAMES) && !ends(&OTHER_NAMES)).then_some(Name::Other)
}

//! Passwords in addresses: `scheme://user:password@host`, and only the password.

use super::value::is_placeholder;
use crate::chain::{Match, View};

/// Most bytes of user and scheme before a password.
const MAX_BEFORE: usize = 60;
/// Most bytes of a password.
const MAX_PASSWORD: usize = 128;
/// Words that stand for a password.
const WORDS: [&str; 8] = [
    "password", "passwd", "pass", "pwd", "secret", "token", "pw", "p4ssw0rd",
];

/// Looks for a password that begins at `at`.
pub(super) fn at(view: View<'_>, at: usize, steps: &mut usize) -> Match {
    let Some(user) = user_before(&view.text[..at], steps) else {
        return Match::None;
    };
    let rest = &view.text[at..];
    let run = rest.iter().take(MAX_PASSWORD + 1);
    let authority = run
        .take_while(|byte| is_password(**byte) || **byte == b'@')
        .count();
    *steps += authority;
    let open = view.is_open_at(at + authority) && authority <= MAX_PASSWORD;
    if open && !rest[..authority].is_empty() {
        return Match::Open;
    }
    // A password may have `@` in it, although it should not: the last one stands before the host.
    let is_host = |at: usize| {
        rest.get(at)
            .is_some_and(|host| host.is_ascii_alphanumeric() || *host == b'[')
    };
    let sign = rest[..authority].iter().rposition(|byte| *byte == b'@');
    let Some(length) = sign.filter(|sign| (1..=MAX_PASSWORD).contains(sign) && is_host(sign + 1))
    else {
        return Match::None;
    };
    let password = &rest[..length];
    let word = WORDS
        .iter()
        .any(|word| password.eq_ignore_ascii_case(word.as_bytes()));
    // `guest:guest` and the like are everybody's.
    let stands_for = word
        || password == user
        || (length >= 5 && is_placeholder(password))
        || matches!(password[0], b'$' | b'<' | b'{' | b'%' | b'*');
    if stands_for {
        Match::None
    } else {
        Match::End(at + length)
    }
}

/// Returns the user of `scheme://user:` at the end of a text.
fn user_before<'t>(before: &'t [u8], steps: &mut usize) -> Option<&'t [u8]> {
    let before = before.strip_suffix(b":")?;
    let near = &before[before.len().saturating_sub(MAX_BEFORE)..];
    let user = near.iter().rev().take_while(|byte| is_user(**byte)).count();
    *steps += user;
    let (scheme, user) = near.split_at(near.len() - user);
    scheme.ends_with(b"://").then_some(user)
}

fn is_user(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"._-+%~!$&*=".contains(&byte)
}

fn is_password(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"@/?#\"'<>`\\ ".contains(&byte)
}

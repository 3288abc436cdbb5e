//! Network addresses.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::number::NumberRun;
use crate::chain::{Announcement, Match, RecentWords, View};
use crate::text::is_word;

/// Longest text of an IPv6 address (RFC 4291 §2.2, with an IPv4 part).
const MAX_IPV6: usize = 45;

/// An IPv4 address: in range, without leading zeros, not part of a
/// longer number, not a version, not one that means no particular host.
pub(super) fn ipv4(run: &NumberRun<'_>, words: &RecentWords) -> Match {
    let before = &run.text[..run.at];
    let joined = [&b"."[..], b"-", b"_", "§".as_bytes(), b"=="]
        .iter()
        .any(|sign| before.ends_with(sign));
    if joined || !run.begins_word() {
        return Match::None;
    }
    let Some(end) = dotted_quad_end(run) else {
        return Match::None;
    };
    // The parser refuses leading zeros and values above 255.
    let address = std::str::from_utf8(&run.text[run.at..end])
        .ok()
        .and_then(|text| text.parse::<Ipv4Addr>().ok());
    let Some(address) = address else {
        return Match::None;
    };
    let no_host = address.is_unspecified() || address.is_loopback() || address.is_broadcast();
    let longer = match run.text.get(end..).unwrap_or_default() {
        [b'.' | b'-' | b'_', next, ..] => next.is_ascii_alphanumeric(),
        [byte, ..] => is_word(*byte),
        [] => false,
    };
    if no_host || longer || run.announced(words, Announcement::Version, 18) {
        return Match::None;
    }
    Match::End(end)
}

/// Returns the end of four groups of one to three digits with dots between.
fn dotted_quad_end(run: &NumberRun<'_>) -> Option<usize> {
    let mut at = run.at;
    for group in 0..4 {
        if group > 0 {
            run.inside(at).filter(|byte| *byte == b'.')?;
            at += 1;
        }
        let start = at;
        while at - start < 3 && run.inside(at).is_some_and(|byte| byte.is_ascii_digit()) {
            at += 1;
        }
        if at == start {
            return None;
        }
    }
    Some(at)
}

/// An IPv6 address. Paths in code and times have colons too, so a
/// short form must look like an assigned prefix.
pub(super) fn ipv6(view: View<'_>, at: usize) -> Match {
    let text = view.text;
    let edge = |byte: u8| is_word(byte) || matches!(byte, b':' | b'.');
    if at > 0 && edge(text[at - 1]) {
        return Match::None;
    }
    let part = |byte: &u8| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.');
    let head = text[at..].iter().take(5).position(|byte| *byte == b':');
    let rest = &text[at..text.len().min(at + MAX_IPV6)];
    let length = rest
        .iter()
        .position(|byte| !part(byte))
        .unwrap_or(rest.len());
    // Three bytes behind an address are looked at.
    if !view.complete && at + length + 3 > text.len() && length < MAX_IPV6 {
        let possible = head.is_some() || length <= 4;
        return if possible { Match::Open } else { Match::None };
    }
    if head.is_none() {
        return Match::None;
    }
    let mut end = at + length;
    // A full stop or a colon may belong to the sentence.
    for _ in 0..3 {
        if is_address(&text[at..end]) && ends(text, end) {
            return Match::End(end);
        }
        match text[at..end].last() {
            Some(b':' | b'.') => end -= 1,
            _ => return Match::None,
        }
    }
    Match::None
}

fn ends(text: &[u8], end: usize) -> bool {
    match &text[end..] {
        [b'.' | b':', next, ..] => !next.is_ascii_alphanumeric() && *next != b':',
        [byte, ..] => !is_word(*byte),
        [] => true,
    }
}

fn is_address(text: &[u8]) -> bool {
    let Some(text) = std::str::from_utf8(text).ok() else {
        return false;
    };
    let Ok(address) = text.parse::<Ipv6Addr>() else {
        return false;
    };
    let first = text.split(':').next().unwrap_or_default();
    let full = !text.contains("::");
    let plausible = full || (first.len() >= 3 && text.bytes().any(|b| b.is_ascii_digit()));
    plausible && !address.is_unspecified() && !address.is_loopback()
}

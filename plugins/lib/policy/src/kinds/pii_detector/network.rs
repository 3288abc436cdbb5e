//! Network addresses.

use std::net::{Ipv4Addr, Ipv6Addr};

use kt_detect::load;

use super::context::Context;
use super::number::NumberRun;
use super::topic::Topic;
use crate::chain::{Match, Progress, View};
use crate::text::is_word;

/// Longest text of an IPv6 address (RFC 4291 §2.2, with an IPv4 part).
const MAX_IPV6: usize = 45;

/// An IPv4 address: in range, without leading zeros, not part of a
/// longer number, not a version, not one that means no particular host.
pub(super) fn ipv4(run: &NumberRun<'_>, context: Context<'_>, progress: &mut Progress) -> Match {
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
    // This network, this host, netmasks, and what is reserved (RFC 1122 §3.2.1.3, RFC 1112 §4).
    let octets = address.octets();
    let no_host = matches!(octets[0], 0 | 127 | 240..) || address.is_unspecified();
    let longer = match run.text.get(end..).unwrap_or_default() {
        [b'.' | b'-' | b'_', next, ..] => next.is_ascii_alphanumeric(),
        [byte, ..] => is_word(*byte),
        [] => false,
    };
    if no_host || longer || context.announces(Topic::Version.bit(), 12, progress) {
        return Match::None;
    }
    if is_network(u128::from(address.to_bits()) << 96, 32, &run.text[end..]) {
        return Match::None;
    }
    let version = is_like_version(octets) && !context.announces(Topic::Address.bit(), 32, progress);
    if version || is_in_list(before) {
        return Match::None;
    }
    Match::End(end)
}

/// Whether versions have such numbers: small ones, the first one of one digit. Of the addresses in
/// use one in ten thousand has.
fn is_like_version(octets: [u8; 4]) -> bool {
    let [first, rest @ ..] = octets;
    let same = rest.iter().all(|octet| *octet == first || *octet == 0);
    first < 10 && !same && octets != [8, 8, 4, 4] && rest.iter().all(|octet| *octet < 32)
}

/// Whether a decimal stands before it, as in the paths of SVG: `2.83-2.12 3.51.98.32`.
fn is_in_list(before: &[u8]) -> bool {
    let Some(before) = before.strip_suffix(b" ") else {
        return false;
    };
    let number = |byte: &&u8| byte.is_ascii_digit() || matches!(byte, b'.' | b'-');
    let length = before.iter().rev().take(24).take_while(number).count();
    let token = &before[before.len() - length..];
    let address = std::str::from_utf8(token).is_ok_and(|token| token.parse::<Ipv4Addr>().is_ok());
    token.contains(&b'.') && token.last().is_some_and(u8::is_ascii_digit) && !address
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
    let [one, two, three, four, five, ..] = load(text, at).to_le_bytes();
    let has_colon = [one, two, three, four, five].map(|byte| byte == b':');
    if view.complete && has_colon == [false; 5] {
        return Match::None;
    }
    let part = |byte: &u8| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.');
    let rest = &text[at..text.len().min(at + MAX_IPV6)];
    let length = rest
        .iter()
        .position(|byte| !part(byte))
        .unwrap_or(rest.len());
    let head = rest[..length].iter().take(5).position(|b| *b == b':');
    // Five bytes behind an address are looked at: `/128` and what follows.
    if !view.complete && at + length + 5 > text.len() && length < MAX_IPV6 {
        let group = length <= 4 && view.is_open_at(at + length);
        // No address in use begins with a group of letters only, such as `be` or `dead`.
        let word = view.may_leave(at, u8::is_ascii_alphabetic);
        let colon = view.may_leave(at, |byte| *byte == b':');
        let possible = (head.is_some() && !colon) || (group && !word);
        return if possible { Match::Open } else { Match::None };
    }
    if head.is_none() {
        return Match::None;
    }
    let mut end = at + length;
    // A full stop or a colon may belong to the sentence.
    for _ in 0..3 {
        if let Some(address) = address(&text[at..end]).filter(|_| ends(text, end)) {
            if is_network(address.to_bits(), 128, &text[end..]) {
                return Match::None;
            }
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

/// Whether the length of a prefix follows an address that names a network and no host in it:
/// `10.0.0.0/8`. Bits of shorter addresses are the first ones.
fn is_network(address: u128, bits: u32, behind: &[u8]) -> bool {
    let Some(behind) = behind.strip_prefix(b"/") else {
        return false;
    };
    let digits = behind.iter().take_while(|byte| byte.is_ascii_digit());
    let digits = &behind[..digits.count()];
    let length = std::str::from_utf8(digits)
        .ok()
        .and_then(|text| text.parse::<u32>().ok());
    length.is_some_and(|length| length < bits && address << length == 0)
}

/// Returns an address that a host may have.
fn address(text: &[u8]) -> Option<Ipv6Addr> {
    let text = std::str::from_utf8(text).ok()?;
    let address: Ipv6Addr = text.parse().ok()?;
    let first = text.split(':').next().unwrap_or_default();
    let full = !text.contains("::");
    let plausible = full || (first.len() >= 3 && text.bytes().any(|b| b.is_ascii_digit()));
    let netmask = address.segments().starts_with(&[0xffff, 0xffff]);
    (plausible && !address.is_unspecified() && !address.is_loopback() && !netmask)
        .then_some(address)
}

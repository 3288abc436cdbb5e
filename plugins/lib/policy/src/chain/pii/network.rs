//! Network addresses.

use std::net::{Ipv4Addr, Ipv6Addr};

use super::person::announced;

/// Words that say four numbers with dots are something else.
const NOT_ADDRESSES: [&str; 20] = [
    "version",
    "ver",
    "v",
    "release",
    "build",
    "firmware",
    "driver",
    "section",
    "chapter",
    "clause",
    "paragraph",
    "article",
    "rule",
    "figure",
    "table",
    "appendix",
    "upgrade to",
    "upgraded to",
    "patch",
    "update",
];

/// An IPv4 address of somebody: in range, without leading zeros, not part of a
/// longer number, not a version, not one that means no particular host.
pub(super) fn is_ipv4(before: &str, found: &str, after: &[u8]) -> bool {
    // The parser refuses leading zeros and values above 255.
    let Ok(address) = found.parse::<Ipv4Addr>() else {
        return false;
    };
    let nobody = address.is_unspecified() || address.is_loopback() || address.is_broadcast();
    let longer = match after {
        [b'.' | b'-' | b'_', next, ..] => next.is_ascii_alphanumeric(),
        [byte, ..] => byte.is_ascii_alphanumeric() || *byte == b'_',
        [] => false,
    };
    let joined = before.ends_with(['.', '-', '_', '§']) || before.ends_with("==");
    !nobody && !longer && !joined && !announced(before, 18, &NOT_ADDRESSES)
}

/// An IPv6 address of somebody. Paths in code and times have colons too, so a
/// short form must look like an assigned prefix.
pub(super) fn is_ipv6(before: &str, found: &str, after: &[u8]) -> bool {
    let Ok(address) = found.parse::<Ipv6Addr>() else {
        return false;
    };
    let edge = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b':' | b'_' | b'.');
    let before_ok = before.bytes().next_back().is_none_or(|byte| !edge(byte));
    let after_ok = match after {
        [b'.' | b':', next, ..] => !next.is_ascii_alphanumeric() && *next != b':',
        [byte, ..] => !byte.is_ascii_alphanumeric() && *byte != b'_',
        [] => true,
    };
    let first = found.split(':').next().unwrap_or_default();
    let full = !found.contains("::");
    let plausible = full || (first.len() >= 3 && found.bytes().any(|b| b.is_ascii_digit()));
    let nobody = address.is_unspecified() || address.is_loopback();
    before_ok && after_ok && plausible && !nobody
}

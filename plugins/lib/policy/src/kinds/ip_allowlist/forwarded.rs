//! The address of a caller behind proxies.

use std::net::{IpAddr, SocketAddr};

use crate::chain::Caller;

/// Returns the address of a caller behind `depth` trusted proxies, each of which appended the
/// address that it saw to `X-Forwarded-For`; the one of the connection, if fewer addresses are
/// there. `None` if what stands in its place is not an address.
pub(super) fn client_address(caller: &Caller<'_>, depth: u64) -> Option<IpAddr> {
    let peer = Some(caller.peer.to_canonical());
    let Some(before) = depth.checked_sub(1) else {
        return peer;
    };
    let lists = caller.forwarded_for.iter().rev();
    let mut entries = lists.flat_map(|list| list.rsplit(','));
    let entry = entries.nth(usize::try_from(before).unwrap_or(usize::MAX));
    match entry {
        Some(entry) => parse(entry.trim()).map(|address| address.to_canonical()),
        None => peer,
    }
}

/// Some proxies append the port, and then an address of IPv6 in brackets.
fn parse(entry: &str) -> Option<IpAddr> {
    let unbracketed = entry.strip_prefix('[').and_then(|e| e.strip_suffix(']'));
    let address = unbracketed.unwrap_or(entry).parse().ok();
    address.or_else(|| entry.parse().ok().map(|socket: SocketAddr| socket.ip()))
}

#[cfg(test)]
mod tests {
    use super::client_address;
    use crate::chain::Caller;

    #[test]
    fn the_address_is_counted_from_the_nearest_proxy() {
        for (forwarded_for, depth, expected) in [
            (&["203.0.113.9"][..], 0, Some("192.0.2.1")),
            (&["203.0.113.9"], 1, Some("203.0.113.9")),
            // What the caller itself sent stands before what the proxies appended.
            (&["10.0.0.1, 203.0.113.9"], 1, Some("203.0.113.9")),
            (&["10.0.0.1", "203.0.113.9"], 1, Some("203.0.113.9")),
            (
                &["10.0.0.1,203.0.113.9", "192.0.2.7"],
                2,
                Some("203.0.113.9"),
            ),
            (&["203.0.113.9:1234"], 1, Some("203.0.113.9")),
            (&["[2001:db8::9]:1234"], 1, Some("2001:db8::9")),
            (&["[2001:db8::9]"], 1, Some("2001:db8::9")),
            (&["::ffff:203.0.113.9"], 1, Some("203.0.113.9")),
            // The connection did not pass all proxies.
            (&[], 1, Some("192.0.2.1")),
            (&["203.0.113.9"], 2, Some("192.0.2.1")),
            (&["unknown"], 1, None),
            (&["10.0.0.1, "], 1, None),
        ] {
            let caller = Caller {
                peer: "::ffff:192.0.2.1".parse().unwrap(),
                forwarded_for,
            };
            let address = client_address(&caller, depth).map(|address| address.to_string());
            assert_eq!(address.as_deref(), expected, "{forwarded_for:?} {depth}");
        }
    }
}

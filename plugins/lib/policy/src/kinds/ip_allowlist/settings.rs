//! The settings.

use super::cidr::Cidr;
use crate::settings::{Weaker, boolean, integer, list, settings};

settings! {
    /// The addresses from which callers may send requests.
    pub(crate) IpAllowlist {
        /// Whether the list is enforced.
        enabled: bool = boolean().default(true).weaker(Weaker::Off);
        /// The addresses and ranges, such as `10.0.0.0/8` and `2001:db8::1`.
        cidrs: Vec<String> = list(Cidr)
            .set(serde_json::Value::to_string)
            .weaker(Weaker::Added("callers of further addresses are accepted"));
        /// The number of trusted proxies in front of the gateway that append to
        /// `X-Forwarded-For`.
        trust_proxy_depth: u64 = integer(0..=16).default(0)
            .weaker(Weaker::Higher("callers can be reported by further proxies"));
    }
}

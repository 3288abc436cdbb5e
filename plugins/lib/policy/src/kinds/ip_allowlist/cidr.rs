//! The form of an address range.

use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::{Value, json};

use crate::decode::{Diagnostics, Field};
use crate::settings::Form;

/// An address, or a range of addresses such as `10.0.0.0/8` and `2001:db8::/32`.
pub(super) struct Cidr;

impl Form for Cidr {
    type Value = String;

    fn decode(&self, field: &Field<'_>, diagnostics: &mut Diagnostics<'_>) -> Option<String> {
        let text = field.string(diagnostics)?;
        let reason = match parse(&text) {
            // `10.1.2.3/8` is more often a slip than meant.
            Some(range) if range.addr() != range.network() => {
                format!(
                    "has bits behind its prefix; the range is `{}`",
                    range.trunc()
                )
            }
            Some(_) => return Some(text),
            None => "is not an address or a range such as 10.0.0.0/8".to_owned(),
        };
        field.reject(format!("`{}` {reason}", field.path), diagnostics);
        None
    }

    fn schema(&self) -> Value {
        json!({ "type": "string", "minLength": 2, "maxLength": 49 })
    }
}

/// Returns the range that a text describes: of one address, if it has no prefix length.
pub(super) fn parse(text: &str) -> Option<IpNet> {
    text.parse()
        .ok()
        .or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from))
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn ranges_and_addresses_are_parsed() {
        for (text, expected) in [
            ("10.0.0.0/8", Some("10.0.0.0/8")),
            ("10.0.0.7", Some("10.0.0.7/32")),
            ("2001:db8::/32", Some("2001:db8::/32")),
            ("::1", Some("::1/128")),
            ("0.0.0.0/0", Some("0.0.0.0/0")),
            ("10.0.0.0/33", None),
            ("10.0.0/8", None),
            ("010.0.0.1", None),
            ("localhost", None),
            ("", None),
        ] {
            let range = parse(text).map(|range| range.to_string());
            assert_eq!(range.as_deref(), expected, "{text}");
        }
    }
}

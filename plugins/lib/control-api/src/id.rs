//! Identifiers: a prefix for the kind of object, and 80 random bits in base32.

use std::cell::RefCell;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// RFC 4648 base32 in lower case: no character needs quoting in a shell, a URL or a file name.
const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";

/// Characters after the prefix: 16 characters of 5 bits, with 80 bits in which collisions are negligible.
const LENGTH: usize = 16;

/// Returns `length` random base32 characters.
///
/// # Panics
/// When the operating system cannot provide random bytes.
#[must_use]
pub fn random_base32(length: usize) -> String {
    let mut bytes = vec![0_u8; length];
    getrandom::fill(&mut bytes).expect("the operating system provides random bytes");
    base32(&bytes)
}

/// Converts each byte to a character; 256 is a multiple of 32, so none is more likely.
fn base32(bytes: &[u8]) -> String {
    let characters = bytes.iter().map(|byte| ALPHABET[usize::from(byte % 32)]);
    characters.map(char::from).collect()
}

/// Creates the id of a request, which is in the response, in the log and in the audit log.
///
/// # Panics
/// When the operating system cannot provide random bytes.
#[must_use]
pub fn new_request_id() -> String {
    format!("req_{}", random_base32(LENGTH))
}

/// The number of ids for which random bytes are read at once.
const IDS_AT_ONCE: usize = 64;

/// Creates ids of requests, with one system call for many of them.
#[derive(Default)]
pub struct RequestIds {
    random: RefCell<Vec<u8>>,
}

impl RequestIds {
    /// Creates an id as [`new_request_id`] does.
    ///
    /// # Panics
    /// When the operating system cannot provide random bytes.
    #[must_use]
    pub fn create(&self) -> String {
        let mut random = self.random.borrow_mut();
        if random.is_empty() {
            random.resize(IDS_AT_ONCE * LENGTH, 0);
            getrandom::fill(&mut random).expect("the operating system provides random bytes");
        }
        let rest = random.len() - LENGTH;
        let id = format!("req_{}", base32(&random[rest..]));
        random.truncate(rest);
        id
    }
}

/// An error for a text that is not an identifier of the expected kind.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a {what} id: expected `{prefix}` and 16 characters of a-z and 2-7")]
pub struct IdError {
    what: &'static str,
    prefix: &'static str,
}

fn is_body(text: &str) -> bool {
    text.len() == LENGTH && text.bytes().all(|byte| ALPHABET.contains(&byte))
}

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident, $prefix:literal, $what:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The prefix of every identifier of this kind.
            pub const PREFIX: &'static str = $prefix;

            /// Creates a random identifier.
            ///
            /// # Panics
            /// When the operating system cannot provide random bytes.
            #[must_use]
            pub fn random() -> Self {
                Self(format!("{}{}", Self::PREFIX, random_base32(LENGTH)))
            }

            /// Returns the identifier as text, prefix included.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                match text.strip_prefix(Self::PREFIX) {
                    Some(body) if is_body(body) => Ok(Self(text.to_owned())),
                    _ => Err(IdError { what: $what, prefix: Self::PREFIX }),
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

identifier!(
    /// Identifies a gateway, across renames.
    GatewayId, "gw_", "gateway"
);
identifier!(
    /// Identifies one running process of a gateway; created by each process.
    InstanceId, "in_", "instance"
);
identifier!(
    /// Identifies a token; not a secret.
    TokenId, "tok_", "token"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_ids_parse_and_differ() {
        let id = GatewayId::random();
        assert_eq!(id.as_str().parse::<GatewayId>(), Ok(id.clone()));
        assert_eq!(id.as_str().len(), 19);
        assert_ne!(id, GatewayId::random());
    }

    #[test]
    fn request_ids_differ_beyond_one_read() {
        let ids = RequestIds::default();
        let created: std::collections::HashSet<String> = (0..200).map(|_| ids.create()).collect();
        assert_eq!(created.len(), 200);
        assert!(
            created
                .iter()
                .all(|id| { id.strip_prefix("req_").is_some_and(is_body) })
        );
    }

    #[test]
    fn other_forms_are_rejected() {
        for text in [
            "",
            "gw_",
            "gw_abc123",
            "in_aaaaaaaaaaaaaaaa",
            "gw_AAAAAAAAAAAAAAAA",
        ] {
            assert!(text.parse::<GatewayId>().is_err(), "{text}");
        }
        assert!(serde_json::from_str::<GatewayId>("\"gw_../../../../etc\"").is_err());
    }
}

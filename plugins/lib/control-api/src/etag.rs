//! The revision of a gateway as an entity tag.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The revision that a change requires; `If-Match: "7"`.
///
/// The quotes are optional.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Etag(pub u64);

/// An error for a text that is not the entity tag of a gateway.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an entity tag: expected the revision, such as \"7\"")]
pub struct EtagError;

impl FromStr for Etag {
    type Err = EtagError;

    fn from_str(text: &str) -> Result<Self, EtagError> {
        let text = text.trim();
        let digits = match text.strip_prefix('"') {
            Some(rest) => rest.strip_suffix('"').ok_or(EtagError)?,
            None => text,
        };
        // `parse` alone would also take a leading plus sign.
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(EtagError);
        }
        digits.parse().map(Etag).map_err(|_| EtagError)
    }
}

impl fmt::Display for Etag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\"{}\"", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_are_optional_and_must_match() {
        assert_eq!("\"7\"".parse(), Ok(Etag(7)));
        assert_eq!(" 7 ".parse(), Ok(Etag(7)));
        for text in ["", "\"7", "W/\"7\"", "+7", "seven"] {
            assert_eq!(text.parse::<Etag>(), Err(EtagError), "{text}");
        }
    }
}

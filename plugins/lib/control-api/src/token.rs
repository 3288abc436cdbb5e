//! Tokens, their hashes and their checksums.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// 32 characters of base62 carry 190 random bits.
const RANDOM_CHARS: usize = 32;
/// 6 characters of base62 hold any 32-bit checksum.
const CHECK_CHARS: usize = 6;
/// Characters of a token that may be shown: the prefix and three more.
const HINT_CHARS: usize = 9;

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// Calls the API for a user or a pipeline; `kt_at_`.
    Access,
    /// Lets instances report and fetch; `kt_gk_`.
    Gateway,
    /// Creates one gateway, once; `kt_bt_`.
    Bootstrap,
}

impl TokenKind {
    /// Returns the prefix of every token of the kind. Secret scanners know the prefixes: they never
    /// change.
    #[must_use]
    pub fn prefix(self) -> &'static str {
        match self {
            Self::Access => "kt_at_",
            Self::Gateway => "kt_gk_",
            Self::Bootstrap => "kt_bt_",
        }
    }

    /// Returns the name of the kind.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Gateway => "gateway",
            Self::Bootstrap => "bootstrap",
        }
    }
}

/// A token. `Debug` shows only its first characters; it does not implement `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct Token {
    kind: TokenKind,
    text: String,
}

/// SHA-256 of a token: the only form in which the control plane stores it.
///
/// A plain hash is sufficient: 190 random bits cannot be guessed, so a slow hash has no benefit.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TokenHash(pub [u8; 32]);

/// An error for a text that is not a token. Never contains the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Another form.
    #[error("not a kt token: expected `kt_at_`, `kt_gk_` or `kt_bt_` and 38 letters and digits")]
    Shape,
    /// The right form with a wrong checksum: mistyped, or copied incompletely.
    #[error("the token is mistyped: its checksum does not match")]
    Checksum,
}

impl Token {
    /// Creates a random token.
    ///
    /// # Panics
    /// When the operating system cannot provide random bytes.
    #[must_use]
    pub fn random(kind: TokenKind) -> Self {
        let mut text = format!("{}{}", kind.prefix(), random_base62(RANDOM_CHARS));
        text.push_str(&checksum(&text));
        Self { kind, text }
    }

    /// Returns the kind.
    #[must_use]
    pub fn kind(&self) -> TokenKind {
        self.kind
    }

    /// Returns the secret itself, for code that must send or show it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.text
    }

    /// Returns the first characters, which distinguish tokens without revealing them.
    #[must_use]
    pub fn hint(&self) -> &str {
        &self.text[..HINT_CHARS]
    }

    /// Returns the hash to store or look up.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        TokenHash(Sha256::digest(self.text.as_bytes()).into())
    }
}

impl FromStr for Token {
    type Err = TokenError;

    fn from_str(text: &str) -> Result<Self, TokenError> {
        let kind = [TokenKind::Access, TokenKind::Gateway, TokenKind::Bootstrap]
            .into_iter()
            .find(|kind| text.starts_with(kind.prefix()))
            .ok_or(TokenError::Shape)?;
        let body = &text[kind.prefix().len()..];
        if body.len() != RANDOM_CHARS + CHECK_CHARS
            || !body.bytes().all(|byte| byte.is_ascii_alphanumeric())
        {
            return Err(TokenError::Shape);
        }
        let (signed, check) = text.split_at(text.len() - CHECK_CHARS);
        if checksum(signed) != check {
            return Err(TokenError::Checksum);
        }
        Ok(Self {
            kind,
            text: text.to_owned(),
        })
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Token({}…)", self.hint())
    }
}

impl fmt::Debug for TokenHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenHash(…)")
    }
}

/// Serializes a token in the only response that holds it.
pub(crate) mod exposed {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    use super::Token;

    pub(crate) fn serialize<S: Serializer>(
        token: &Option<Token>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match token {
            Some(token) => serializer.serialize_some(token.expose()),
            None => serializer.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Token>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| text.parse().map_err(D::Error::custom))
            .transpose()
    }
}

fn random_base62(length: usize) -> String {
    let mut text = String::with_capacity(length);
    let mut bytes = [0_u8; 64];
    while text.len() < length {
        getrandom::fill(&mut bytes).expect("the operating system provides random bytes");
        // 248 is the highest multiple of 62 in a byte; bytes above it would favor some digits.
        let fair = bytes.iter().filter(|byte| **byte < 248);
        text.extend(
            fair.take(length - text.len())
                .map(|b| char::from(ALPHABET[usize::from(b % 62)])),
        );
    }
    text
}

fn checksum(text: &str) -> String {
    let mut rest = crc32(text.as_bytes());
    let mut digits = [b'0'; CHECK_CHARS];
    for digit in digits.iter_mut().rev() {
        *digit = ALPHABET[(rest % 62) as usize];
        rest /= 62;
    }
    digits.iter().map(|digit| char::from(*digit)).collect()
}

/// CRC-32 as in IEEE 802.3 (reflected polynomial `0xEDB88320`).
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 {
                crc >> 1 ^ 0xEDB8_8320
            } else {
                crc >> 1
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_standard_one() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }

    #[test]
    fn a_token_has_its_documented_form_and_round_trips() {
        for kind in [TokenKind::Access, TokenKind::Gateway, TokenKind::Bootstrap] {
            let token = Token::random(kind);
            assert_eq!(token.expose().len(), 44);
            let parsed: Token = token.expose().parse().unwrap();
            assert_eq!(parsed, token);
            assert_eq!(parsed.kind(), kind);
        }
    }

    #[test]
    fn every_single_typing_error_is_detected() {
        let token = Token::random(TokenKind::Access);
        for at in 6..44 {
            let mut text = token.expose().to_owned().into_bytes();
            text[at] = if text[at] == b'x' { b'y' } else { b'x' };
            let text = String::from_utf8(text).unwrap();
            assert_eq!(
                text.parse::<Token>(),
                Err(TokenError::Checksum),
                "position {at}"
            );
        }
    }

    #[test]
    fn debug_and_errors_do_not_show_the_secret() {
        let token = Token::random(TokenKind::Gateway);
        let secret = &token.expose()[HINT_CHARS..];
        assert!(!format!("{token:?} {:?}", token.hash()).contains(secret));
        assert!(
            !"kt_at_secret"
                .parse::<Token>()
                .unwrap_err()
                .to_string()
                .contains("secret")
        );
        for text in ["", "kt_at_", "kt_xx_", "kt_at_ééééééééééééééééééé"] {
            assert_eq!(text.parse::<Token>(), Err(TokenError::Shape));
        }
    }
}

//! Tokens as the control plane shows them, and how they are asked for.

use serde::{Deserialize, Serialize};

use crate::{GatewayId, Timestamp, Token, TokenId};

/// Longest life of a token in seconds: ten years.
pub const MAX_TOKEN_SECONDS: u64 = 10 * 365 * 24 * 3600;
/// Longest life of a bootstrap token in seconds, and how long it lives unless told: one hour.
pub const MAX_BOOTSTRAP_SECONDS: u64 = 3600;
/// Longest time in seconds for which a rotated token goes on being valid: thirty days.
pub const MAX_GRACE_SECONDS: u64 = 30 * 24 * 3600;

/// What a token allows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum TokenScope {
    /// Everything.
    Admin,
    /// To look at everything.
    #[default]
    Read,
    /// To fetch, report and publish for one gateway.
    Gateway,
    /// To register one gateway, once.
    Bootstrap,
    /// A word of a newer control plane.
    #[serde(other)]
    Unknown,
}

/// A token, without what makes it one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct TokenInfo {
    /// Names the token for ever.
    pub id: TokenId,
    /// What people call it; need not be unique.
    pub name: String,
    /// `access`, `gateway` or `bootstrap`: also told by the token's first characters.
    pub kind: String,
    /// What it allows.
    pub scope: TokenScope,
    /// The only gateway it is for, when the scope is `gateway`; the one it has registered, when
    /// the scope is `bootstrap`.
    #[serde(default)]
    pub gateway: Option<GatewayId>,
    /// Its first characters, which tell tokens apart without revealing them.
    pub hint: String,
    /// Who made it.
    pub created_by: String,
    /// When.
    pub created_at: Timestamp,
    /// When it ends, if it does.
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
    /// When it was revoked, if it was; a bootstrap token also when it was used.
    #[serde(default)]
    pub revoked_at: Option<Timestamp>,
    /// When it was last used, give or take some minutes; nothing when it never was.
    #[serde(default)]
    pub last_used_at: Option<Timestamp>,
    /// Whether it is accepted, as of the answer.
    pub active: bool,
}

/// Asks for a token.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateTokenRequest {
    /// What to call it; the rules are those of [`crate::validate_name`].
    pub name: String,
    /// What it allows.
    pub scope: TokenScope,
    /// Id or name of the gateway; with the scope `gateway`, and only then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway: Option<String>,
    /// Seconds until it ends, 1 to [`MAX_TOKEN_SECONDS`]; without, it does not end. With the scope
    /// `bootstrap` 1 to [`MAX_BOOTSTRAP_SECONDS`], and those without.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in_seconds: Option<u64>,
}

/// Replaces a token by another one that allows the same.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RotateTokenRequest {
    /// Seconds for which the old one stays valid, up to [`MAX_GRACE_SECONDS`]; with 0 it is
    /// revoked at once.
    #[serde(default)]
    pub grace_seconds: u64,
    /// Seconds until the new one ends, with the bounds of [`CreateTokenRequest`]; without, it lives as
    /// long as the old one was made for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in_seconds: Option<u64>,
}

/// The answer to [`CreateTokenRequest`] and [`RotateTokenRequest`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct IssuedToken {
    /// What is known of it from now on.
    pub info: TokenInfo,
    /// The token. Shown this once: a repeat of the same request does not have it.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "crate::token::exposed"
    )]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub token: Option<Token>,
}

impl TokenScope {
    /// Every word that can be asked for.
    pub const ALL: [Self; 4] = [Self::Admin, Self::Read, Self::Gateway, Self::Bootstrap];

    /// Returns the word used on the wire, in output and in the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Read => "read",
            Self::Gateway => "gateway",
            Self::Bootstrap => "bootstrap",
            Self::Unknown => "unknown",
        }
    }

    /// Returns what a word means, if it is one that can be asked for.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|grant| grant.as_str() == word)
    }
}

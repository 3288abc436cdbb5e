//! Tokens as the control plane shows them, and the requests for them.

use serde::{Deserialize, Serialize};

use crate::{GatewayId, Timestamp, Token, TokenId};

/// Maximum lifetime of a token in seconds: ten years.
pub const MAX_TOKEN_SECONDS: u64 = 10 * 365 * 24 * 3600;
/// Maximum and default lifetime of a bootstrap token in seconds: one hour.
pub const MAX_BOOTSTRAP_SECONDS: u64 = 3600;
/// Maximum time in seconds for which a rotated token stays valid: thirty days.
pub const MAX_GRACE_SECONDS: u64 = 30 * 24 * 3600;

/// What a token allows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum TokenScope {
    /// Everything.
    Admin,
    /// Reading everything.
    #[default]
    Read,
    /// Fetching, reporting and publishing for one gateway.
    Gateway,
    /// Creating one gateway, once.
    Bootstrap,
    /// A value of a newer control plane.
    #[serde(other)]
    Unknown,
}

/// A token, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct TokenInfo {
    /// Its id.
    pub id: TokenId,
    /// Its name, which need not be unique.
    pub name: String,
    /// `access`, `gateway` or `bootstrap`, which the prefix of the token shows, too.
    pub kind: String,
    /// What it allows.
    pub scope: TokenScope,
    /// The only gateway it is for, when the scope is `gateway`; the one that was created with it,
    /// when the scope is `bootstrap`.
    #[serde(default)]
    pub gateway: Option<GatewayId>,
    /// Its first characters, which distinguish tokens without revealing them.
    pub hint: String,
    /// Who created it.
    pub created_by: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it expires, if it does.
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
    /// When it was revoked, if it was; a bootstrap token also when it was consumed.
    #[serde(default)]
    pub revoked_at: Option<Timestamp>,
    /// When it was last used, to within some minutes; absent if never.
    #[serde(default)]
    pub last_used_at: Option<Timestamp>,
    /// Whether it is accepted at the time of the response.
    pub active: bool,
}

/// Creates a token.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateTokenRequest {
    /// Its name; see [`crate::validate_name`].
    pub name: String,
    /// What it allows.
    pub scope: TokenScope,
    /// Id or name of the gateway; with the scope `gateway`, and only then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway: Option<String>,
    /// Seconds until it expires, 1 to [`MAX_TOKEN_SECONDS`]; without, it does not expire. With the
    /// scope `bootstrap` 1 to [`MAX_BOOTSTRAP_SECONDS`], which is also the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in_seconds: Option<u64>,
}

/// Replaces a token with another one of the same scope.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct RotateTokenRequest {
    /// Seconds for which the old token stays valid, up to [`MAX_GRACE_SECONDS`]; with 0 it is
    /// revoked immediately.
    #[serde(default)]
    pub grace_seconds: u64,
    /// Seconds until the new token expires, within the bounds of [`CreateTokenRequest`]; without, the
    /// lifetime of the old token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_in_seconds: Option<u64>,
}

/// The response to [`CreateTokenRequest`] and [`RotateTokenRequest`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct IssuedToken {
    /// Its description.
    pub info: TokenInfo,
    /// The token. Returned once: a repetition of the request does not have it.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "crate::token::exposed"
    )]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub token: Option<Token>,
}

impl TokenScope {
    /// Every value that a request may have.
    pub const ALL: [Self; 4] = [Self::Admin, Self::Read, Self::Gateway, Self::Bootstrap];

    /// Returns the value used on the wire, in output and in the store.
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

    /// Parses a value that a request may have.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text)
    }
}

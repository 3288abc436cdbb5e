//! Tokens that are made, and that they are used.

use kt_control_api::{Timestamp, Token, TokenHash, TokenId};
use serde_json::{Value, json};

use super::StoredScope;

/// A token to remember, without the token.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// Its id.
    pub id: TokenId,
    /// SHA-256 of the token.
    pub hash: TokenHash,
    /// First characters, to tell tokens apart.
    pub hint: String,
    /// `access`, `gateway` or `bootstrap`.
    pub kind: &'static str,
    /// What it may do.
    pub scope: StoredScope,
    /// What people call it.
    pub name: String,
    /// When it ends.
    pub expires_at: Option<Timestamp>,
}

impl NewToken {
    /// Describes a token that does not end for the store.
    #[must_use]
    pub fn of(token: &Token, scope: StoredScope, name: &str) -> Self {
        Self {
            id: TokenId::random(),
            expires_at: None,
            hash: token.hash(),
            hint: token.hint().to_owned(),
            kind: token.kind().as_str(),
            scope,
            name: name.to_owned(),
        }
    }
}

impl NewToken {
    /// What the trail says when it is made.
    pub(super) fn told_created(&self) -> Value {
        let (scope, gateway) = self.scope.kept();
        json!({
            "name": self.name,
            "hint": self.hint,
            "scope": scope,
            "gateway": gateway,
            "expires_at": self.expires_at,
        })
    }

    /// What the trail says when it replaces another one.
    pub(super) fn told_rotated(&self, old: &TokenId, until: Timestamp) -> Value {
        json!({"name": self.name, "hint": self.hint, "replaces": old, "old_until": until})
    }
}

/// That a token was shown, and accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenUse {
    /// The token.
    pub token: TokenId,
    /// When.
    pub at: Timestamp,
}

/// How much later a use must be to be kept, in microseconds: five minutes. That tells what a token
/// is used for any more, and costs little where ten thousand are.
pub(super) const USE_GRAIN: i64 = 5 * 60 * 1_000_000;

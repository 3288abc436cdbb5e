//! Tokens. Neither database ever holds a token itself, only its hash.

use kt_control_api::{ContentHash, GatewayId, Timestamp, Token, TokenHash, TokenId, TokenScope};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::store::change::ChangeContext;
use crate::store::table::{ColumnError, row};

row! {
    /// A token as it is stored and exported. The token cannot be derived from it.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
    #[serde(deny_unknown_fields)]
    pub struct TokenRow in "tokens" {
        /// Its id.
        pub id: TokenId,
        /// Its name, which need not be unique.
        pub name: String,
        /// `access`, `gateway` or `bootstrap`.
        pub kind: String,
        /// SHA-256 of the token.
        pub sha256: ContentHash as "hash",
        /// Its first characters.
        pub hint: String,
        /// What it allows.
        pub scope: TokenScope,
        /// The gateway it is for, or has registered.
        pub gateway: Option<GatewayId> as "gateway_id",
        /// Who created it.
        pub created_by: String,
        /// When it was created.
        pub created_at: Timestamp,
        /// When it expires.
        pub expires_at: Option<Timestamp>,
        /// When it was revoked.
        pub revoked_at: Option<Timestamp>,
        /// When it was last used, to within five minutes. Not exported.
        #[serde(skip)]
        pub last_used_at: Option<Timestamp>,
    }
}

/// What a token may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoredScope {
    /// Everything.
    Admin,
    /// Read everything.
    Read,
    /// Act for one gateway.
    Gateway(GatewayId),
    /// Register one gateway, once.
    Bootstrap {
        /// The gateway that was registered with it; the token is then consumed.
        registered: Option<GatewayId>,
    },
}

/// A token to store, without the token itself.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// Its id.
    pub id: TokenId,
    /// SHA-256 of the token.
    pub hash: TokenHash,
    /// Its first characters.
    pub hint: String,
    /// `access`, `gateway` or `bootstrap`.
    pub kind: &'static str,
    /// What it may do.
    pub scope: StoredScope,
    /// Its name.
    pub name: String,
    /// When it expires.
    pub expires_at: Option<Timestamp>,
}

/// A stored token, with its scope.
#[derive(Debug, Clone)]
pub struct TokenRecord {
    /// Its id.
    pub id: TokenId,
    /// Its name.
    pub name: String,
    /// `access`, `gateway` or `bootstrap`.
    pub kind: String,
    /// Its first characters.
    pub hint: String,
    /// What it may do.
    pub scope: StoredScope,
    /// Who created it.
    pub created_by: String,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it expires.
    pub expires_at: Option<Timestamp>,
    /// When it was revoked.
    pub revoked_at: Option<Timestamp>,
    /// When it was last used, to within five minutes.
    pub last_used_at: Option<Timestamp>,
}

impl StoredScope {
    /// Returns the columns that hold it: the scope, and the gateway that it is for or that was
    /// registered.
    fn to_columns(&self) -> (TokenScope, Option<GatewayId>) {
        match self {
            Self::Admin => (TokenScope::Admin, None),
            Self::Read => (TokenScope::Read, None),
            Self::Gateway(id) => (TokenScope::Gateway, Some(id.clone())),
            Self::Bootstrap { registered } => (TokenScope::Bootstrap, registered.clone()),
        }
    }

    /// Reads the columns that [`StoredScope::to_columns`] returns.
    fn from_columns(scope: TokenScope, gateway: Option<GatewayId>) -> Option<Self> {
        match (scope, gateway) {
            (TokenScope::Admin, None) => Some(Self::Admin),
            (TokenScope::Read, None) => Some(Self::Read),
            (TokenScope::Gateway, Some(id)) => Some(Self::Gateway(id)),
            (TokenScope::Bootstrap, registered) => Some(Self::Bootstrap { registered }),
            _ => None,
        }
    }
}

impl NewToken {
    /// Describes a token that does not expire.
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

    /// Returns the row to insert.
    pub(in crate::store) fn row(&self, change: &ChangeContext) -> TokenRow {
        let (scope, gateway) = self.scope.to_columns();
        TokenRow {
            id: self.id.clone(),
            name: self.name.clone(),
            kind: self.kind.to_owned(),
            sha256: ContentHash::from_bytes(self.hash.0),
            hint: self.hint.clone(),
            scope,
            gateway,
            created_by: change.actor.clone(),
            created_at: change.now,
            expires_at: self.expires_at,
            revoked_at: None,
            last_used_at: None,
        }
    }

    /// Returns what the audit log records of the creation.
    pub(in crate::store) fn create_detail(&self) -> Value {
        let (scope, gateway) = self.scope.to_columns();
        json!({
            "name": self.name,
            "hint": self.hint,
            "scope": scope,
            "gateway": gateway,
            "expires_at": self.expires_at,
        })
    }

    /// Returns what the audit log records when the token replaces another one.
    pub(in crate::store) fn rotate_detail(&self, old: &TokenId, until: Timestamp) -> Value {
        json!({"name": self.name, "hint": self.hint, "replaces": old, "old_until": until})
    }
}

impl TokenRecord {
    /// Returns what the audit log records of the revocation.
    pub(in crate::store) fn revoke_detail(&self) -> Value {
        json!({"name": self.name, "hint": self.hint})
    }

    /// Returns whether the token is accepted.
    #[must_use]
    pub fn is_active(&self, now: Timestamp) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }
}

impl TokenRecord {
    /// Reads a row.
    pub(in crate::store) fn from_token_row(row: TokenRow) -> Result<Self, ColumnError> {
        let scope = StoredScope::from_columns(row.scope, row.gateway);
        let invalid = || ColumnError(format!("the scope of token {} is invalid", row.id));
        Ok(Self {
            scope: scope.ok_or_else(invalid)?,
            id: row.id,
            name: row.name,
            kind: row.kind,
            hint: row.hint,
            created_by: row.created_by,
            created_at: row.created_at,
            expires_at: row.expires_at,
            revoked_at: row.revoked_at,
            last_used_at: row.last_used_at,
        })
    }
}

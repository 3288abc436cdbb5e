//! Callers and what they may do.

use kt_control_api::{GatewayId, ProblemCode, Timestamp, TokenId};

use super::error::{ApiError, api_error};
use crate::store::{StoredScope, TokenRecord};

/// What a caller may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Everything.
    Admin,
    /// Read everything.
    Read,
    /// Fetch, report and publish for one gateway.
    Gateway(GatewayId),
    /// Register one gateway.
    Bootstrap,
    /// Nothing.
    None,
}

/// A caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The name in the audit log.
    pub actor: String,
    /// What the caller may do.
    pub scope: Scope,
    /// The token in use.
    pub token: Option<TokenId>,
    /// When the token expires.
    pub expires_at: Option<Timestamp>,
}

impl Principal {
    /// Returns a user of this machine, who can open the file and therefore may do everything.
    #[must_use]
    pub fn local_user(uid: u32) -> Self {
        Self {
            actor: format!("uid:{uid}"),
            scope: Scope::Admin,
            token: None,
            expires_at: None,
        }
    }

    /// Returns a caller without a credential, for the paths that need none.
    #[must_use]
    pub fn anonymous() -> Self {
        Self {
            actor: "anonymous".to_owned(),
            scope: Scope::None,
            token: None,
            expires_at: None,
        }
    }

    /// Returns the holder of a token; `None` when the token is revoked or expired.
    #[must_use]
    pub fn from_token(record: TokenRecord, now: Timestamp) -> Option<Self> {
        if !record.is_active(now) {
            return None;
        }
        Some(Self {
            actor: format!("token:{}", record.name),
            scope: match record.scope {
                StoredScope::Admin => Scope::Admin,
                StoredScope::Read => Scope::Read,
                StoredScope::Gateway(id) => Scope::Gateway(id),
                StoredScope::Bootstrap { .. } => Scope::Bootstrap,
            },
            token: Some(record.id),
            expires_at: record.expires_at,
        })
    }

    /// Fails unless the caller may change everything.
    pub(super) fn require_admin(&self) -> Result<(), ApiError> {
        match self.scope {
            Scope::Admin => Ok(()),
            _ => Err(missing_scope("admin")),
        }
    }

    /// Fails unless the caller may register a gateway.
    pub(super) fn require_register(&self) -> Result<(), ApiError> {
        match self.scope {
            Scope::Bootstrap => Ok(()),
            _ => self.require_admin(),
        }
    }

    /// Fails unless the caller may read everything.
    pub(super) fn require_read(&self) -> Result<(), ApiError> {
        match self.scope {
            Scope::Admin | Scope::Read => Ok(()),
            Scope::Gateway(_) | Scope::Bootstrap | Scope::None => Err(missing_scope("read")),
        }
    }

    /// Fails unless the caller may read this gateway. To others it does not exist.
    pub(super) fn require_gateway_read(&self, gateway: &GatewayId) -> Result<(), ApiError> {
        match &self.scope {
            Scope::Gateway(own) if own != gateway => {
                Err(api_error(ProblemCode::NotFound, "there is no such gateway"))
            }
            Scope::Bootstrap | Scope::None => Err(missing_scope("read")),
            _ => Ok(()),
        }
    }

    /// Fails unless the caller may act as this gateway.
    pub(super) fn require_gateway_write(&self, gateway: &GatewayId) -> Result<(), ApiError> {
        self.require_gateway_read(gateway)?;
        match self.scope {
            Scope::Read => Err(missing_scope("gateway")),
            _ => Ok(()),
        }
    }
}

fn missing_scope(scope: &str) -> ApiError {
    api_error(
        ProblemCode::InsufficientScope,
        format!("this requires a token with scope `{scope}`"),
    )
}

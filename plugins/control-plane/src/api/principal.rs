//! Who calls, and what that one may do.

use kt_control_api::{GatewayId, ProblemCode, Timestamp, TokenId};

use super::refusal::{Refusal, refuse};
use crate::store::{StoredScope, TokenRecord};

/// What a caller may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scope {
    /// Everything.
    Admin,
    /// Look at everything.
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
    /// Name for the history.
    pub actor: String,
    /// What the caller may do.
    pub scope: Scope,
    /// The token in use.
    pub token: Option<TokenId>,
    /// When the token ends.
    pub expires_at: Option<Timestamp>,
}

impl Principal {
    /// A user of this machine who may read the file, and so may do everything.
    #[must_use]
    pub fn local_user(uid: u32) -> Self {
        Self {
            actor: format!("uid:{uid}"),
            scope: Scope::Admin,
            token: None,
            expires_at: None,
        }
    }

    /// A caller who showed nothing, for the paths that need nothing.
    #[must_use]
    pub fn nobody() -> Self {
        Self {
            actor: "nobody".to_owned(),
            scope: Scope::None,
            token: None,
            expires_at: None,
        }
    }

    /// The holder of a token; `None` when the token is revoked or has ended.
    #[must_use]
    pub fn of_token(record: TokenRecord, now: Timestamp) -> Option<Self> {
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

    /// Passes a caller who may change everything.
    pub(super) fn must_be_admin(&self) -> Result<(), Refusal> {
        match self.scope {
            Scope::Admin => Ok(()),
            _ => Err(lacks("admin")),
        }
    }

    /// Passes a caller who may register a gateway.
    pub(super) fn must_register(&self) -> Result<(), Refusal> {
        match self.scope {
            Scope::Bootstrap => Ok(()),
            _ => self.must_be_admin(),
        }
    }

    /// Passes a caller who may look at everything.
    pub(super) fn must_read_all(&self) -> Result<(), Refusal> {
        match self.scope {
            Scope::Admin | Scope::Read => Ok(()),
            Scope::Gateway(_) | Scope::Bootstrap | Scope::None => Err(lacks("read")),
        }
    }

    /// Passes a caller who may look at this gateway. For others it does not exist.
    pub(super) fn must_see(&self, gateway: &GatewayId) -> Result<(), Refusal> {
        match &self.scope {
            Scope::Gateway(own) if own != gateway => {
                Err(refuse(ProblemCode::NotFound, "there is no such gateway"))
            }
            Scope::Bootstrap | Scope::None => Err(lacks("read")),
            _ => Ok(()),
        }
    }

    /// Passes a caller who may act as this gateway.
    pub(super) fn must_act_for(&self, gateway: &GatewayId) -> Result<(), Refusal> {
        self.must_see(gateway)?;
        match self.scope {
            Scope::Read => Err(lacks("gateway")),
            _ => Ok(()),
        }
    }
}

fn lacks(scope: &str) -> Refusal {
    refuse(
        ProblemCode::InsufficientScope,
        format!("this needs a token of scope `{scope}`"),
    )
}

//! The control plane itself, and how it knows the caller.

use serde::{Deserialize, Serialize};

use crate::{GatewayId, Timestamp, TokenId};

/// The identity of the caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct WhoAmI {
    /// The name that the audit log has.
    pub actor: String,
    /// `admin`, `read` or `gateway`.
    pub scope: String,
    /// The only gateway that the caller may act for, when the scope is `gateway`.
    #[serde(default)]
    pub gateway: Option<GatewayId>,
    /// The token in use, if any.
    #[serde(default)]
    pub token: Option<TokenId>,
    /// When the token expires, if it does.
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
}

/// The version of the control plane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ServiceVersion {
    /// Always `kt`.
    pub product: String,
    /// Version of the control plane.
    pub version: String,
    /// Version of the API, as in its paths.
    pub api: String,
    /// Version of the schema in its store.
    pub schema: u32,
    /// Whether it runs in the process of the caller or as a server.
    pub service: ServiceMode,
}

/// How the control plane runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ServiceMode {
    /// In the process of the caller.
    Embedded,
    /// As a server.
    Server,
    /// A value of a newer control plane.
    #[serde(other)]
    Unknown,
}

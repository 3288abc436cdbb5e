//! What became of one gateway.

use kt_control_api::{ApiError, ErrorClass, GatewayId};
use serde::{Deserialize, Serialize};

/// What became of one gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemResult {
    /// The id of the gateway.
    pub id: GatewayId,
    /// Its name.
    pub name: String,
    /// The result in one word, such as `applied`, `unchanged` or `failed`.
    pub result: String,
    /// Whether the change was done.
    pub succeeded: bool,
    /// The desired version after it.
    #[serde(default)]
    pub version: Option<u64>,
    /// Why it failed, or what is left to happen.
    #[serde(default)]
    pub why: Option<String>,
}

impl ItemResult {
    /// A change that was done.
    #[must_use]
    pub fn done(id: &GatewayId, name: &str, result: &str) -> Self {
        Self {
            id: id.clone(),
            name: name.to_owned(),
            result: result.to_owned(),
            succeeded: true,
            version: None,
            why: None,
        }
    }

    /// A change that was not done, or whose effect is not the intended one.
    #[must_use]
    pub fn failed(id: &GatewayId, name: &str, result: &str, why: impl Into<String>) -> Self {
        Self {
            succeeded: false,
            why: Some(why.into()),
            ..Self::done(id, name, result)
        }
    }

    /// The error of the control plane.
    #[must_use]
    pub fn refused(id: &GatewayId, name: &str, error: ApiError) -> Self {
        match error.class {
            ErrorClass::Conflict if error.current.is_some() => {
                let why = "it was changed since the plan; nothing was done";
                Self::failed(id, name, "changed-since-plan", why)
            }
            _ => Self::failed(id, name, "failed", error.detail),
        }
    }

    /// Adds the desired version.
    #[must_use]
    pub fn version(mut self, version: Option<u64>) -> Self {
        self.version = version;
        self
    }

    /// Adds what is left to happen.
    #[must_use]
    pub fn why(mut self, why: impl Into<String>) -> Self {
        self.why = Some(why.into());
        self
    }
}

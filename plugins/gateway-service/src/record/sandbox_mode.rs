//! The sandbox that the user requests.

use serde::{Deserialize, Serialize};

/// The requested sandbox level.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum SandboxMode {
    /// The strictest level that works.
    #[default]
    Auto,
    /// Strict; the installation fails where it does not work.
    Strict,
    /// Base.
    Base,
}

impl SandboxMode {
    /// Parses the value of `--sandbox`; returns `None` when the option is absent.
    pub(crate) fn parse(value: Option<&str>) -> Option<Self> {
        match value? {
            "strict" => Some(Self::Strict),
            "base" => Some(Self::Base),
            _ => Some(Self::Auto),
        }
    }
}

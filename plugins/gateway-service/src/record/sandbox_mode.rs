//! The sandbox that the user requests.

use crate::args::GatewayInstallSandbox;
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

impl From<GatewayInstallSandbox> for SandboxMode {
    fn from(option: GatewayInstallSandbox) -> Self {
        match option {
            GatewayInstallSandbox::Auto => Self::Auto,
            GatewayInstallSandbox::Strict => Self::Strict,
            GatewayInstallSandbox::Base => Self::Base,
        }
    }
}

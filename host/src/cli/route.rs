//! What a command path resolves to.

use super::builtin::BuiltinCommand;
use crate::discovery::CatalogEntry;
use kt_plugin_api::Error;

/// What a command path resolves to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Route {
    /// A built-in command.
    Builtin(BuiltinCommand),
    /// The command of a plugin with this path.
    Plugin(Vec<String>),
    /// A command of a plugin that is not installed.
    NotInstalled(CatalogEntry),
    /// A command of a plugin that was refused.
    Refused(Error),
}

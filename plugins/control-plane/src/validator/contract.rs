//! What the control plane asks of a validator.

use kt_control_api::{ContentHash, ProblemItem};
use serde_json::Value;

/// Checks configurations before anything is stored.
///
/// Must refuse a configuration that holds a secret in clear, and must not repeat the secret.
pub trait Validator: Send + Sync {
    /// Returns the hash of the configuration's canonical form. `name` is that of its file.
    ///
    /// # Errors
    /// Every reason why the text is no configuration, each with its place.
    fn check(&self, name: &str, text: &str) -> Result<ContentHash, Vec<ProblemItem>>;

    /// Returns what changes from one configuration to another, each with its name. Must mask
    /// every secret.
    ///
    /// # Errors
    /// As [`Validator::check`], for the first that is no configuration.
    fn compare(
        &self,
        from: NamedContent<'_>,
        to: NamedContent<'_>,
    ) -> Result<ConfigComparison, Vec<ProblemItem>>;
}

/// A configuration and its name.
pub type NamedContent<'a> = (&'a str, &'a str);

/// What parts two configurations.
#[derive(Debug, Clone, PartialEq)]
pub struct ConfigComparison {
    /// Whether both mean the same.
    pub same: bool,
    /// The changes, for programs.
    pub diff: Value,
    /// The same in the form of `diff -u`.
    pub unified: String,
}

//! The interface of validators.

use kt_control_api::{ContentHash, ProblemItem};
use serde_json::Value;

/// Validates configurations before they are stored.
///
/// Must reject a configuration that contains a secret in clear text, without repeating the secret.
pub trait Validator: Send + Sync {
    /// Returns the hash of the configuration's canonical form. `name` is that of its file.
    ///
    /// # Errors
    /// All errors of the configuration, with their positions.
    fn check(&self, name: &str, text: &str) -> ValidationResult;

    /// Compares two configurations. Must mask every secret.
    ///
    /// # Errors
    /// As [`Validator::check`], for the first configuration that is not valid.
    fn compare(
        &self,
        from: NamedContent<'_>,
        to: NamedContent<'_>,
    ) -> Result<ConfigComparison, Vec<ProblemItem>>;
}

/// The canonical hash of a configuration, or its errors.
pub type ValidationResult = Result<ContentHash, Vec<ProblemItem>>;

/// The name and the text of a configuration.
pub type NamedContent<'a> = (&'a str, &'a str);

/// The difference between two configurations.
#[derive(Debug, Clone, PartialEq)]
pub struct ConfigComparison {
    /// Whether both have the same meaning.
    pub same: bool,
    /// The changes in machine-readable form.
    pub diff: Value,
    /// The changes in the format of `diff -u`.
    pub unified: String,
}

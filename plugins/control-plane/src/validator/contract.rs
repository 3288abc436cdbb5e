//! What the control plane asks of a validator.

use kt_control_api::{ContentHash, ProblemItem};

/// Checks configurations before anything is stored.
///
/// Must refuse a configuration that holds a secret in clear, and must not repeat the secret.
pub trait Validator: Send + Sync {
    /// Returns the hash of the configuration's canonical form. `name` is that of its file.
    ///
    /// # Errors
    /// Every reason why the text is no configuration, each with its place.
    fn check(&self, name: &str, text: &str) -> Result<ContentHash, Vec<ProblemItem>>;
}

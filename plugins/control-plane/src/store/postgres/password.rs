//! The password of the database.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// A password. Shown by nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

/// Says that a file with the password cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the password file {path} cannot be used: {cause}")]
pub struct PasswordError {
    /// The file.
    pub path: PathBuf,
    /// Why.
    pub cause: io::Error,
}

impl Password {
    /// Takes a password.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(text)
    }

    pub(super) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password")
    }
}

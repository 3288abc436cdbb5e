//! The password of the database.

use std::fmt;
use std::io;
use std::path::PathBuf;

/// A password. Not shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct Password(String);

/// A password file that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the password file {path} cannot be used: {source}")]
pub struct PasswordError {
    /// The file.
    pub path: PathBuf,
    /// The error.
    pub source: io::Error,
}

impl Password {
    /// Creates a password.
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

//! [`PolicyKind`].

use std::fmt;

use serde::Serialize;

use super::interned::intern;

/// A policy kind, by its name in `policies.chain` and under `policy`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct PolicyKind(&'static str);

impl PolicyKind {
    /// Returns the kind with a name.
    pub(crate) const fn new(name: &'static str) -> Self {
        Self(name)
    }

    /// Returns the kind of a name that is only known when a document is read, such as
    /// `plugin:word-list`.
    pub(crate) fn named(name: &str) -> Self {
        // Only who writes configurations can add names.
        Self(intern(name, usize::MAX).unwrap_or_default())
    }

    /// Returns the name.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for PolicyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

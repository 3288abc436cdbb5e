//! [`SensitiveValue`].

use std::borrow::Borrow;
use std::hash::{Hash, Hasher};

use zeroize::Zeroizing;

/// A value that a placeholder stands for. Its memory is overwritten when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct SensitiveValue(Zeroizing<String>);

impl SensitiveValue {
    pub(super) fn new(value: &str) -> Self {
        Self(Zeroizing::new(value.to_owned()))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Hash for SensitiveValue {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl Borrow<str> for SensitiveValue {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for SensitiveValue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SensitiveValue")
    }
}

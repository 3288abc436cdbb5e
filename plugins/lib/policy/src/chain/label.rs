//! The label of a text.

use super::pattern::CONTEXT_BYTES;

/// The label of a text, such as the key of a value: its words announce what follows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Label {
    bytes: [u8; CONTEXT_BYTES],
    length: usize,
}

impl Default for Label {
    fn default() -> Self {
        Self {
            bytes: [0; CONTEXT_BYTES],
            length: 0,
        }
    }
}

impl Label {
    /// Returns a label; a long one is none.
    pub(crate) fn new(label: &str) -> Self {
        let mut new = Self::default();
        if let Some(copy) = new.bytes.get_mut(..label.len()) {
            copy.copy_from_slice(label.as_bytes());
            new.length = label.len();
        }
        new
    }

    /// Returns the label; empty if there is none.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

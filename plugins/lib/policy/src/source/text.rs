//! [`Source`].

/// The size limit of a source, in bytes (1 MiB): a hand-written configuration has a few
/// kilobytes, and the time to parse it must stay bounded.
pub const MAX_SOURCE_BYTES: usize = 1 << 20;

const BYTE_ORDER_MARK: char = '\u{feff}';

/// A text with its name, usually a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The name that messages use.
    pub name: String,
    /// The YAML.
    pub text: String,
}

impl Source {
    /// Creates a source with a name and a text. A byte order mark at its beginning, which some
    /// editors write, is not part of it.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        let mut text = text.into();
        if text.starts_with(BYTE_ORDER_MARK) {
            text.drain(..BYTE_ORDER_MARK.len_utf8());
        }
        Self {
            name: name.into(),
            text,
        }
    }
}

//! [`Name`]: how a text writes the name of a placeholder.

/// Most backslashes in a row that belong to a placeholder: `\[EMAIL\_1\]`, in JSON in JSON.
pub(super) const MAX_BACKSLASHES: usize = 8;

/// The name of a placeholder, as it begins a text.
pub(super) struct Name {
    /// Without the backslashes with which Markdown escapes `_`.
    pub(super) text: String,
    pub(super) length: usize,
    /// Whether it reaches the end of the text.
    pub(super) is_open: bool,
}

impl Name {
    pub(super) fn read(text: &str, longest: usize) -> Self {
        let bytes = text.as_bytes();
        let mut name = Self {
            text: String::new(),
            length: 0,
            is_open: false,
        };
        while name.text.len() <= longest {
            let escapes = backslashes(&text[name.length..]);
            match bytes.get(name.length + escapes) {
                None => {
                    name.is_open = escapes <= MAX_BACKSLASHES;
                    return name;
                }
                Some(b'_') if escapes <= MAX_BACKSLASHES => name.length += escapes,
                Some(byte) if escapes == 0 && byte.is_ascii_alphanumeric() => {}
                Some(_) => return name,
            }
            name.text.push(char::from(bytes[name.length]));
            name.length += 1;
        }
        name
    }
}

/// Counts the backslashes at the beginning of a text, up to one more than a placeholder has.
pub(super) fn backslashes(text: &str) -> usize {
    let first = text.bytes().take(MAX_BACKSLASHES + 1);
    first.take_while(|byte| *byte == b'\\').count()
}

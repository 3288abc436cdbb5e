//! JSON that arrives in fragments, such as the arguments of a tool call.
//!
//! It is held until it is complete: a policy evaluates the strings in it without their
//! escapes, and what it redacts must stay valid JSON.

/// The maximum size, bytes.
const MAX_HELD_BYTES: usize = 1024 * 1024;

/// The maximum size of what left of an incomplete value that is judged with the rest of it,
/// bytes: no match is longer.
const MAX_CONTEXT_BYTES: usize = 4096;

/// The fragments of one value.
#[derive(Debug, Default)]
pub(super) struct HeldJson {
    text: String,
    /// The end of what was taken of the value before it was complete.
    taken: String,
    /// Open objects and arrays.
    depth: usize,
    in_string: bool,
    escaped: bool,
    complete: bool,
}

impl HeldJson {
    /// Appends a fragment; false when the value is too large.
    pub(super) fn push(&mut self, fragment: &str) -> bool {
        self.text.push_str(fragment);
        for byte in fragment.bytes() {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' if self.in_string => self.escaped = true,
                b'"' => self.in_string = !self.in_string,
                _ if self.in_string => {}
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => {
                    self.depth = self.depth.saturating_sub(1);
                    self.complete = self.depth == 0;
                }
                _ => {}
            }
        }
        self.text.len() <= MAX_HELD_BYTES
    }

    /// Whether every object and array that was opened is closed.
    pub(super) fn is_complete(&self) -> bool {
        self.complete && self.depth == 0 && !self.in_string
    }

    /// Takes the end of what was taken of the value before, and the text.
    pub(super) fn take(&mut self) -> (String, String) {
        if self.is_complete() {
            // What follows is another value.
            let value = std::mem::take(self);
            return (value.taken, value.text);
        }
        let text = std::mem::take(&mut self.text);
        let before = self.taken.clone();
        self.taken.push_str(&text);
        let mut start = self.taken.len().saturating_sub(MAX_CONTEXT_BYTES);
        while !self.taken.is_char_boundary(start) {
            start += 1;
        }
        self.taken.drain(..start);
        (before, text)
    }
}

#[cfg(test)]
mod tests {
    use super::HeldJson;

    #[test]
    fn a_value_is_complete_when_it_is_closed() {
        let text = r#"{"a": ["}", "\"}", {"b": 1}]}"#;
        for cut in 0..text.len() {
            let mut held = HeldJson::default();
            assert!(held.push(&text[..cut]));
            assert!(!held.is_complete(), "{}", &text[..cut]);
            held.push(&text[cut..]);
            assert!(held.is_complete());
            assert_eq!(held.take(), (String::new(), text.to_owned()));
            assert!(!held.is_complete());
            assert!(held.push(&text[..cut]));
            assert_eq!(held.take(), (String::new(), text[..cut].to_owned()));
            held.push(&text[cut..]);
            assert!(held.is_complete());
            assert_eq!(
                held.take(),
                (text[..cut].to_owned(), text[cut..].to_owned())
            );
        }
    }
}

//! JSON that arrives in fragments, such as the arguments of a tool call.
//!
//! It is held until it is complete: a policy evaluates the strings in it without their
//! escapes, and what it redacts must stay valid JSON.

/// The maximum size, bytes.
const MAX_HELD_BYTES: usize = 1024 * 1024;

/// The fragments of one value.
#[derive(Debug, Default)]
pub(super) struct HeldJson {
    text: String,
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

    /// Takes the text; what follows is another value.
    pub(super) fn take(&mut self) -> String {
        std::mem::take(self).text
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
            assert_eq!(held.take(), text);
            assert!(!held.is_complete());
        }
    }
}

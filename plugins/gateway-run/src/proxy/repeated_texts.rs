//! Texts of a stream that are complete in each event, such as the title of a source. A host may
//! still go on with one in the next event.

use std::collections::HashMap;

/// The most bytes of a text that are judged with the one after it.
const MAX_BEFORE: usize = 512;
/// The most texts that are kept.
const MAX_TEXTS: usize = 1024;

/// The ends of what came, by channel.
#[derive(Debug, Default)]
pub(super) struct RepeatedTexts(HashMap<String, String>);

impl RepeatedTexts {
    /// Takes the next text of a channel, and returns what it may go on with. `None` if there are too
    /// many texts.
    pub(super) fn take(&mut self, channel: &str, text: &str) -> Option<String> {
        if self.0.len() >= MAX_TEXTS && !self.0.contains_key(channel) {
            return None;
        }
        let joined = self.0.entry(channel.to_owned()).or_default();
        let before = joined.clone();
        joined.push_str(text);
        let mut start = joined.len().saturating_sub(MAX_BEFORE);
        while !joined.is_char_boundary(start) {
            start += 1;
        }
        joined.drain(..start);
        Some(before)
    }
}

#[cfg(test)]
mod tests {
    use super::RepeatedTexts;

    #[test]
    fn the_end_of_a_text_is_kept_by_channel() {
        let mut texts = RepeatedTexts::default();
        let mut take = |channel: &str, text: &str| texts.take(channel, text);
        assert_eq!(take("a", "4111 1111").as_deref(), Some(""));
        assert_eq!(take("b", "4").as_deref(), Some(""));
        assert_eq!(take("a", &"é".repeat(300)).as_deref(), Some("4111 1111"));
        assert_eq!(take("a", "x"), Some("é".repeat(256)));
        assert!((0..2000).any(|n| take(&n.to_string(), "").is_none()));
    }
}

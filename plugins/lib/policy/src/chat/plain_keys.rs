//! Keys of small letters, of which nearly all keys consist: they are judged together, each once.

use std::collections::HashSet;

/// Keys of the protocol, which say nothing.
const PROTOCOL: [&str; 40] = [
    "annotations",
    "arguments",
    "audio",
    "choices",
    "content",
    "created",
    "data",
    "delta",
    "description",
    "detail",
    "file",
    "filename",
    "finish_reason",
    "format",
    "function",
    "id",
    "image_url",
    "index",
    "input_audio",
    "logprobs",
    "max_tokens",
    "message",
    "messages",
    "model",
    "name",
    "object",
    "parameters",
    "properties",
    "refusal",
    "required",
    "role",
    "stream",
    "temperature",
    "text",
    "tool_call_id",
    "tool_calls",
    "tools",
    "type",
    "url",
    "usage",
];

/// Whether a key consists of small letters and `_`.
pub(super) fn is_plain(key: &str) -> bool {
    let mut bytes = key.bytes();
    bytes.all(|b| b.is_ascii_lowercase() || b == b'_')
}

/// Words of sentences that are no names of data.
const OF_SENTENCES: [&str; 20] = [
    "all",
    "and",
    "any",
    "do",
    "everything",
    "me",
    "must",
    "my",
    "not",
    "now",
    "of",
    "that",
    "the",
    "then",
    "this",
    "will",
    "with",
    "you",
    "your",
    "yourself",
];
/// Fewest of them in a sentence.
const LEAST: usize = 2;

/// Whether keys may be the words of a sentence: a list of names such as `instructions`, `system` and
/// `user` is none.
fn is_sentence(keys: &str) -> bool {
    let words = keys.split(['\n', '_']);
    let of_sentences = words.filter(|word| OF_SENTENCES.binary_search(word).is_ok());
    of_sentences.take(LEAST).count() == LEAST
}

/// The plain keys of a document, one text for those of each message.
#[derive(Default)]
pub(super) struct PlainKeys {
    /// Whether each of them is a unit of its own, so that it can be changed.
    pub(super) are_units: bool,
    /// The texts, a key a line, each with the index of its message.
    texts: Vec<(Option<usize>, String)>,
    /// The keys of the last one.
    known: HashSet<Box<str>>,
}

impl PlainKeys {
    /// Returns keys that are units.
    pub(super) fn units() -> Self {
        Self {
            are_units: true,
            ..Self::default()
        }
    }

    /// Adds a key.
    pub(super) fn add(&mut self, message: Option<usize>, key: &str) {
        if PROTOCOL.binary_search(&key).is_ok() {
            return;
        }
        let is_last = matches!(self.texts.last(), Some((last, _)) if *last == message);
        if !is_last {
            self.known.clear();
            self.texts.push((message, String::new()));
        }
        if self.known.contains(key) {
            return;
        }
        self.known.insert(key.into());
        if let Some((_, text)) = self.texts.last_mut() {
            text.push_str(key);
            text.push('\n');
        }
    }

    /// Returns the texts.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        self.texts.iter().map(|(_, text)| text.as_str())
    }

    /// Takes the texts that may be sentences, with the indexes of their messages.
    pub(super) fn take_sentences(&mut self) -> Vec<(Option<usize>, String)> {
        self.texts.retain(|(_, text)| is_sentence(text));
        std::mem::take(&mut self.texts)
    }
}

#[cfg(test)]
mod tests {
    use super::{OF_SENTENCES, PROTOCOL, PlainKeys};

    #[test]
    fn keys_are_there_once_for_each_message() {
        assert!(PROTOCOL.is_sorted() && OF_SENTENCES.is_sorted());
        let mut keys = PlainKeys::default();
        for (message, key) in [
            (None, "model"),
            (Some(0), "role"),
            (Some(0), "size"),
            (Some(0), "owner"),
            (Some(0), "size"),
            (Some(1), "size"),
        ] {
            keys.add(message, key);
        }
        assert!(keys.texts().eq(["size\nowner\n", "size\n"]));
    }
}

//! Keys of small letters, of which nearly all keys consist: they are judged together, each once.

use std::collections::HashSet;

/// Keys of the protocol, which say nothing.
const PROTOCOL: [&str; 69] = [
    "accepted_prediction_tokens",
    "annotations",
    "arguments",
    "audio",
    "audio_tokens",
    "cached_tokens",
    "choices",
    "completion_tokens",
    "completion_tokens_details",
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
    "frequency_penalty",
    "function",
    "id",
    "image_url",
    "include_usage",
    "index",
    "input_audio",
    "input_tokens",
    "input_tokens_details",
    "json_schema",
    "logprobs",
    "max_completion_tokens",
    "max_tokens",
    "message",
    "messages",
    "model",
    "name",
    "obfuscation",
    "object",
    "output_tokens",
    "output_tokens_details",
    "parallel_tool_calls",
    "parameters",
    "presence_penalty",
    "prompt_tokens",
    "prompt_tokens_details",
    "properties",
    "reasoning_content",
    "reasoning_effort",
    "reasoning_tokens",
    "refusal",
    "rejected_prediction_tokens",
    "required",
    "response_format",
    "role",
    "service_tier",
    "stream",
    "stream_options",
    "system_fingerprint",
    "temperature",
    "text",
    "tool_call_id",
    "tool_calls",
    "tool_choice",
    "tools",
    "top_p",
    "total_tokens",
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

/// The plain keys of a document: those of each message, and those of the rest, wherever it stands.
#[derive(Default)]
pub(super) struct PlainKeys {
    /// Whether each of them is a unit of its own, so that it can be changed.
    pub(super) are_units: bool,
    rest: KeyText,
    /// The texts of the messages, by their index.
    messages: Vec<(usize, KeyText)>,
}

/// Keys that are judged together.
#[derive(Default)]
struct KeyText {
    /// A key a line, each once.
    text: String,
    known: HashSet<Box<str>>,
}

impl KeyText {
    fn add(&mut self, key: &str) {
        if !self.known.contains(key) {
            self.known.insert(key.into());
            self.text.push_str(key);
            self.text.push('\n');
        }
    }
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
        let Some(index) = message else {
            return self.rest.add(key);
        };
        match self.messages.last_mut() {
            Some((last, keys)) if *last == index => keys.add(key),
            _ => {
                let mut keys = KeyText::default();
                keys.add(key);
                self.messages.push((index, keys));
            }
        }
    }

    /// Removes those of the rest, which is known to be harmless.
    pub(super) fn clear_rest(&mut self) {
        self.rest = KeyText::default();
    }

    /// Returns the texts.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        let messages = self.messages.iter().map(|(_, keys)| keys);
        let all = std::iter::once(&self.rest).chain(messages);
        all.map(|keys| keys.text.as_str())
            .filter(|text| !text.is_empty())
    }

    /// Takes the texts that may be sentences, with the indexes of their messages.
    pub(super) fn take_sentences(&mut self) -> Vec<(Option<usize>, String)> {
        let rest = std::mem::take(&mut self.rest);
        let messages = std::mem::take(&mut self.messages).into_iter();
        let messages = messages.map(|(index, keys)| (Some(index), keys.text));
        let all = std::iter::once((None, rest.text)).chain(messages);
        all.filter(|(_, text)| is_sentence(text)).collect()
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
            (None, "region"),
        ] {
            keys.add(message, key);
        }
        assert!(keys.texts().eq(["region\n", "size\nowner\n", "size\n"]));
        keys.clear_rest();
        assert!(keys.texts().eq(["size\nowner\n", "size\n"]));
    }
}

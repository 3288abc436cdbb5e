//! Restoring the values of a request in the texts of its response.

use super::text_field::TextField;
use kt_policy::{PlaceholderValues, Restorer};
use std::collections::HashMap;
use std::sync::Arc;

/// The restored texts of one response. It follows the filters: what a policy redacts is decided
/// on what the upstream sent, and a restored value is not evaluated.
pub(super) struct Restoration {
    values: Arc<PlaceholderValues>,
    /// Whether the caller requested JSON.
    expects_json: bool,
    /// The texts that have begun, by channel.
    texts: HashMap<String, Restorer>,
    /// Placeholders in texts that have ended.
    restored: usize,
}

impl Restoration {
    pub(super) fn new(values: Arc<PlaceholderValues>, expects_json: bool) -> Self {
        Self {
            values,
            expects_json,
            texts: HashMap::new(),
            restored: 0,
        }
    }

    /// Restores a fragment of a text, and returns what may be released.
    pub(super) fn push(&mut self, field: &TextField, channel: &str, text: String) -> String {
        if !self.texts.contains_key(channel) {
            let Some(form) = field.restored(self.expects_json) else {
                return text;
            };
            let restorer = Restorer::new(&self.values, form);
            self.texts.insert(channel.to_owned(), restorer);
        }
        self.push_more(channel, text)
    }

    /// Restores more of a text that has begun.
    pub(super) fn push_more(&mut self, channel: &str, text: String) -> String {
        match self.texts.get_mut(channel) {
            Some(restorer) => restorer.push(&text),
            None => text,
        }
    }

    /// Restores the end of what a filter held of a text, and releases all of it.
    pub(super) fn flush(&mut self, channel: &str, text: String) -> String {
        let mut text = self.push_more(channel, text);
        if let Some(restorer) = self.texts.get_mut(channel) {
            text.push_str(&restorer.finish());
        }
        text
    }

    /// Restores a complete text.
    pub(super) fn complete(&mut self, field: &TextField, text: String) -> String {
        let Some(form) = field.restored(self.expects_json) else {
            return text;
        };
        let mut restorer = Restorer::new(&self.values, form);
        let text = restorer.push(&text) + &restorer.finish();
        self.restored += restorer.restored();
        text
    }

    /// Ends the texts whose channel begins so.
    pub(super) fn end_texts(&mut self, prefix: &str) {
        let restored = &mut self.restored;
        self.texts.retain(|channel, restorer| {
            let has_ended = channel.starts_with(prefix);
            if has_ended {
                *restored += restorer.restored();
            }
            !has_ended
        });
    }

    /// Returns how many placeholders were restored.
    pub(super) fn count(&self) -> usize {
        let texts = self.texts.values().map(Restorer::restored);
        self.restored + texts.sum::<usize>()
    }
}

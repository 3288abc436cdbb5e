//! The edits that put the replacements of a text in place.

use super::origin::Form;
use super::unit::Unit;
use super::units::Units;
use crate::chain::{MarkerKind, Replacement};
use crate::json::{Edit, apply_edits};

impl Units<'_> {
    /// Returns the edits of the document that put `spans` of a unit in place.
    pub(super) fn edits(&mut self, unit: &Unit<'_>, spans: &[Replacement]) -> Vec<Edit> {
        let mut edits = Vec::new();
        if let [(_, origin)] = unit.parts.as_slice()
            && let Form::Base64(text) | Form::Hexadecimal(text) = &origin.form
        {
            // All of it is encoded again, whatever the range.
            let edit = origin.edit(0..0, replace_spans(text, spans));
            return edit.into_iter().collect();
        }
        for (index, replacement) in spans.iter().enumerate() {
            let mut replacement = replacement.clone();
            if unit.is_key && index == 0 {
                replacement.marker = self.unique(unit, spans, &replacement);
            }
            let span = &replacement.range;
            for (part, origin) in unit.parts_of(span) {
                let start = span.start.max(part.start) - part.start;
                let end = span.end.min(part.end) - part.start;
                let is_number = matches!(origin.form, Form::Number);
                let text = match () {
                    // What covers several parts is replaced in the first.
                    () if span.start < part.start => String::new(),
                    () if is_number => replacement.number(),
                    () => replacement.marker.clone(),
                };
                edits.extend(origin.edit(start..end, text));
            }
        }
        edits
    }

    /// A marker with which the key stays different from all others.
    fn unique(&mut self, unit: &Unit<'_>, spans: &[Replacement], first: &Replacement) -> String {
        let marker = &first.marker;
        let rest = |marker: &str| {
            let mut spans = spans.to_vec();
            if let Some(first) = spans.first_mut() {
                marker.clone_into(&mut first.marker);
            }
            replace_spans(&unit.text, &spans)
        };
        let key = rest(marker);
        if first.kind != MarkerKind::Plain && self.takes_numbered(&key, unit) {
            return marker.clone();
        }
        // From the number after the last one: thousands of keys may become the same.
        let mut number = self.numbers.get(&key).copied().unwrap_or(1);
        let mut candidate = marker.to_owned();
        if number > 1 {
            candidate = format!("{marker}_{number}");
        }
        while !self.take_key(rest(&candidate)) {
            number += 1;
            candidate = format!("{marker}_{number}");
        }
        self.numbers.insert(key, number + 1);
        candidate
    }

    /// Takes a key; returns whether it was free.
    fn take_key(&mut self, key: String) -> bool {
        let mut keys = match self.keys.take() {
            Some(keys) => keys,
            None => self.all_names().map(str::to_owned).collect(),
        };
        let is_free = keys.insert(key);
        self.keys = Some(keys);
        is_free
    }

    /// Whether a key with placeholders can become `key`: the same value has the same
    /// placeholder, so that only a key that the document already has can be in the way.
    fn takes_numbered(&mut self, key: &str, unit: &Unit<'_>) -> bool {
        if let Some(original) = self.numbered_keys.get(key) {
            return *original == unit.text;
        }
        let is_free = self.take_key(key.to_owned());
        if is_free {
            self.numbered_keys
                .insert(key.to_owned(), unit.text.to_string());
        }
        is_free
    }
}

fn replace_spans(text: &str, spans: &[Replacement]) -> String {
    let edit = |replacement: &Replacement| Edit {
        range: replacement.range.clone(),
        text: replacement.marker.clone(),
    };
    apply_edits(text, spans.iter().map(edit).collect())
}

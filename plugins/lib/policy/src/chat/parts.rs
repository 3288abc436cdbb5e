//! The parts of one message, joined: a text that was cut into parts is the same
//! text to the model, and so it is to the chain.

use super::leaves::{Leaf, Step};
use crate::chain::Rewrite;
use std::ops::Range;

/// The text parts of one message, one after another.
pub(super) struct Joined {
    pub(super) role: String,
    pub(super) text: String,
    /// Index of each part among the request's texts, and where it stands.
    parts: Vec<(usize, Range<usize>)>,
}

/// Joins the parts of every message that has several.
pub(super) fn join(texts: &[(String, Leaf)]) -> Vec<Joined> {
    let mut all: Vec<(usize, Joined)> = Vec::new();
    for (index, (role, leaf)) in texts.iter().enumerate() {
        let [
            Step::Key(root),
            Step::Item { place, .. },
            Step::Key(content),
            Step::Item { .. },
            ..,
        ] = leaf.steps.as_slice()
        else {
            continue;
        };
        if root != "messages" || content != "content" {
            continue;
        }
        match all.last_mut().filter(|(message, _)| message == place) {
            Some((_, joined)) => joined.push(index, &leaf.text),
            None => {
                let mut joined = Joined {
                    role: role.clone(),
                    text: String::new(),
                    parts: Vec::new(),
                };
                joined.push(index, &leaf.text);
                all.push((*place, joined));
            }
        }
    }
    all.into_iter()
        .map(|(_, joined)| joined)
        .filter(|joined| joined.parts.len() > 1)
        .collect()
}

impl Joined {
    fn push(&mut self, index: usize, text: &str) {
        let start = self.text.len();
        self.text.push_str(text);
        self.parts.push((index, start..self.text.len()));
    }

    /// The parts after redaction: what was found in the whole, and what was
    /// found in single parts. A replacement goes where its text began.
    pub(super) fn split(
        &self,
        spans: &[(Range<usize>, String)],
        alone: &[Rewrite],
    ) -> Vec<(usize, String)> {
        let spans = self.merged(spans, alone);
        self.parts
            .iter()
            .map(|(index, part)| (*index, self.part(part, &spans)))
            .collect()
    }

    fn merged(
        &self,
        spans: &[(Range<usize>, String)],
        alone: &[Rewrite],
    ) -> Vec<(Range<usize>, String)> {
        let mut all = spans.to_vec();
        for (index, part) in &self.parts {
            for rewrite in alone.iter().filter(|r| r.index == *index) {
                let moved = rewrite.spans.iter().map(|(range, text)| {
                    (
                        range.start + part.start..range.end + part.start,
                        text.clone(),
                    )
                });
                all.extend(moved);
            }
        }
        all.sort_by_key(|(range, _)| (range.start, std::cmp::Reverse(range.end)));
        let mut merged: Vec<(Range<usize>, String)> = Vec::new();
        for (range, text) in all {
            match merged.last_mut().filter(|(last, _)| range.start < last.end) {
                Some((last, _)) => last.end = last.end.max(range.end),
                None => merged.push((range, text)),
            }
        }
        merged
    }

    fn part(&self, part: &Range<usize>, spans: &[(Range<usize>, String)]) -> String {
        let mut text = String::new();
        let mut at = part.start;
        for (range, replacement) in spans {
            if range.end <= part.start || range.start >= part.end {
                continue;
            }
            if range.start >= part.start {
                text.push_str(self.text.get(at..range.start).unwrap_or_default());
                text.push_str(replacement);
            }
            at = range.end.min(part.end);
        }
        text.push_str(self.text.get(at..part.end).unwrap_or_default());
        text
    }
}

#[cfg(test)]
mod tests {
    use super::join;
    use crate::chain::Rewrite;
    use crate::chat::leaves::leaves;
    use serde_json::json;

    #[test]
    fn a_replacement_crosses_parts() {
        let request = json!({ "messages": [
            { "role": "user", "content": "alone" },
            { "role": "user", "content": [{ "text": "a 123-45-" }, { "text": "6789 b" }, { "text": "c@d.ef" }] },
        ] });
        let texts: Vec<_> = leaves(&request)
            .into_iter()
            .map(|l| ("user".to_owned(), l))
            .collect();
        let joined = join(&texts);
        assert_eq!(joined.len(), 1);
        assert_eq!(joined[0].text, "a 123-45-6789 bc@d.ef");
        let alone = [Rewrite {
            index: 3,
            text: "[E]".to_owned(),
            spans: vec![(0..6, "[E]".to_owned())],
        }];
        let split = joined[0].split(
            &[(2..13, "[S]".to_owned()), (14..21, "[X]".to_owned())],
            &alone,
        );
        assert_eq!(
            split,
            [
                (1, "a [S]".to_owned()),
                (2, " [X]".to_owned()),
                (3, String::new())
            ]
        );
    }
}

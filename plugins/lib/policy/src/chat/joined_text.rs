//! The text parts of one message, joined: a text that is split into parts is the same text to
//! the model, so the chain must evaluate it as one text too.

use super::text_value::{PathSegment, TextValue};
use crate::chain::Rewrite;
use std::ops::Range;

/// The concatenated text parts of one message.
pub(super) struct JoinedText {
    pub(super) role: String,
    pub(super) text: String,
    /// The index of each part among the request's texts, and its byte range in `text`.
    parts: Vec<(usize, Range<usize>)>,
}

/// Joins the parts of every message that has several.
pub(super) fn join_parts(texts: &[(String, TextValue)]) -> Vec<JoinedText> {
    let mut all: Vec<(usize, JoinedText)> = Vec::new();
    for (index, (role, value)) in texts.iter().enumerate() {
        let [
            PathSegment::Key(root),
            PathSegment::Item { position, .. },
            PathSegment::Key(content),
            PathSegment::Item { .. },
            ..,
        ] = value.path.as_slice()
        else {
            continue;
        };
        if root != "messages" || content != "content" {
            continue;
        }
        match all.last_mut().filter(|(message, _)| message == position) {
            Some((_, joined)) => joined.push(index, &value.text),
            None => {
                let mut joined = JoinedText {
                    role: role.clone(),
                    text: String::new(),
                    parts: Vec::new(),
                };
                joined.push(index, &value.text);
                all.push((*position, joined));
            }
        }
    }
    all.into_iter()
        .map(|(_, joined)| joined)
        .filter(|joined| joined.parts.len() > 1)
        .collect()
}

impl JoinedText {
    fn push(&mut self, index: usize, text: &str) {
        let start = self.text.len();
        self.text.push_str(text);
        self.parts.push((index, start..self.text.len()));
    }

    /// Returns the parts after redaction, both of matches in the joined text and of matches in
    /// single parts. A replacement is put where the replaced text began.
    pub(super) fn split(
        &self,
        spans: &[(Range<usize>, String)],
        part_rewrites: &[Rewrite],
    ) -> Vec<(usize, String)> {
        let spans = self.merged_spans(spans, part_rewrites);
        self.parts
            .iter()
            .map(|(index, part)| (*index, self.redacted_part(part, &spans)))
            .collect()
    }

    fn merged_spans(
        &self,
        spans: &[(Range<usize>, String)],
        part_rewrites: &[Rewrite],
    ) -> Vec<(Range<usize>, String)> {
        let mut all = spans.to_vec();
        for (index, part) in &self.parts {
            for rewrite in part_rewrites.iter().filter(|r| r.index == *index) {
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

    fn redacted_part(&self, part: &Range<usize>, spans: &[(Range<usize>, String)]) -> String {
        let mut text = String::new();
        let mut position = part.start;
        for (range, replacement) in spans {
            if range.end <= part.start || range.start >= part.end {
                continue;
            }
            if range.start >= part.start {
                text.push_str(self.text.get(position..range.start).unwrap_or_default());
                text.push_str(replacement);
            }
            position = range.end.min(part.end);
        }
        text.push_str(self.text.get(position..part.end).unwrap_or_default());
        text
    }
}

#[cfg(test)]
mod tests {
    use super::join_parts;
    use crate::chain::Rewrite;
    use crate::chat::text_value::text_values;
    use serde_json::json;

    #[test]
    fn a_replacement_spans_several_parts() {
        let request = json!({ "messages": [
            { "role": "user", "content": "alone" },
            { "role": "user", "content": [{ "text": "a 123-45-" }, { "text": "6789 b" }, { "text": "c@d.ef" }] },
        ] });
        let texts: Vec<_> = text_values(&request)
            .into_iter()
            .map(|l| ("user".to_owned(), l))
            .collect();
        let joined = join_parts(&texts);
        assert_eq!(joined.len(), 1);
        assert_eq!(joined[0].text, "a 123-45-6789 bc@d.ef");
        let part_rewrites = [Rewrite {
            index: 3,
            text: "[E]".to_owned(),
            spans: vec![(0..6, "[E]".to_owned())],
        }];
        let split = joined[0].split(
            &[(2..13, "[S]".to_owned()), (14..21, "[X]".to_owned())],
            &part_rewrites,
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

//! Replacements of parts of a text.

use std::ops::Range;

/// A replacement of a part of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// The replaced bytes.
    pub range: Range<usize>,
    /// What stands there instead.
    pub text: String,
}

/// Applies edits. Where they overlap, what they cover together is replaced by
/// the text of the first.
#[must_use]
pub fn apply_edits(document: &str, edits: Vec<Edit>) -> String {
    let mut result = String::with_capacity(document.len());
    let mut position = 0;
    for edit in merge(edits) {
        result.push_str(document.get(position..edit.range.start).unwrap_or_default());
        result.push_str(&edit.text);
        position = edit.range.end;
    }
    result.push_str(document.get(position..).unwrap_or_default());
    result
}

/// Sorts edits and joins those that overlap.
fn merge(mut edits: Vec<Edit>) -> Vec<Edit> {
    edits.sort_by_key(|edit| (edit.range.start, std::cmp::Reverse(edit.range.end)));
    let mut merged: Vec<Edit> = Vec::with_capacity(edits.len());
    for edit in edits {
        match merged
            .last_mut()
            .filter(|last| edit.range.start < last.range.end)
        {
            Some(last) => last.range.end = last.range.end.max(edit.range.end),
            None => merged.push(edit),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::{Edit, apply_edits};

    #[test]
    fn overlapping_edits_become_one() {
        let edit = |range, text: &str| Edit {
            range,
            text: text.to_owned(),
        };
        let edits = vec![
            edit(6..8, "[C]"),
            edit(1..3, "[A]"),
            edit(2..5, "[B]"),
            edit(1..2, ""),
        ];
        assert_eq!(apply_edits("0123456789", edits), "0[A]5[C]89");
    }
}

//! A text that arrives in pieces, beside its fold.

use super::fold::fold_char;

/// The undecided part of a text, as it came and folded.
///
/// Offsets are in bytes. While the text is ASCII it is its own fold and is
/// kept once.
#[derive(Clone, Default)]
pub(crate) struct FoldBuffer {
    raw: String,
    folded: Option<Folded>,
}

#[derive(Clone)]
struct Folded {
    text: String,
    /// For each byte of `text` the offset of the raw character it came from.
    origin: Vec<usize>,
    /// First byte of `text` whose origin is not before the offset asked for
    /// last: offsets are asked for in ascending order.
    cursor: usize,
}

impl FoldBuffer {
    /// Appends a piece.
    pub(crate) fn push(&mut self, piece: &str) {
        let start = self.raw.len();
        self.raw.push_str(piece);
        if self.folded.is_none() {
            if piece.is_ascii() {
                return;
            }
            self.folded = Some(Folded {
                text: self.raw[..start].to_owned(),
                origin: (0..start).collect(),
                cursor: 0,
            });
        }
        if let Some(folded) = &mut self.folded {
            folded.extend(&self.raw, start);
        }
    }

    /// Returns the text as it came.
    pub(crate) fn raw(&self) -> &str {
        &self.raw
    }

    /// Returns the folded text.
    pub(crate) fn folded(&self) -> &str {
        self.folded.as_ref().map_or(&self.raw, |f| &f.text)
    }

    /// Returns whether the text differs from its fold.
    pub(crate) fn is_folded(&self) -> bool {
        self.folded.is_some()
    }

    /// Returns the offset in the fold of the raw character at `raw`; `None`
    /// when the fold has removed it.
    pub(crate) fn fold_offset(&mut self, raw: usize) -> Option<usize> {
        let Some(folded) = &mut self.folded else {
            return Some(raw);
        };
        let origin = &folded.origin;
        if origin.get(folded.cursor).is_none_or(|known| *known > raw) {
            folded.cursor = origin.partition_point(|known| *known < raw);
        }
        while origin.get(folded.cursor).is_some_and(|known| *known < raw) {
            folded.cursor += 1;
        }
        (origin.get(folded.cursor) == Some(&raw)).then_some(folded.cursor)
    }

    /// Returns the raw offset behind the character that the byte before the
    /// folded offset `end` came from.
    pub(crate) fn raw_end(&self, end: usize) -> usize {
        let Some(folded) = &self.folded else {
            return end;
        };
        let Some(last) = end.checked_sub(1).and_then(|at| folded.origin.get(at)) else {
            return 0;
        };
        let character = self.raw[*last..].chars().next();
        last + character.map_or(0, char::len_utf8)
    }

    /// Removes the first `raw` bytes; returns how many bytes of the fold went
    /// with them.
    pub(crate) fn remove_front(&mut self, raw: usize) -> usize {
        self.raw.drain(..raw);
        let Some(folded) = &mut self.folded else {
            return raw;
        };
        let offset = folded.origin.partition_point(|origin| *origin < raw);
        folded.text.drain(..offset);
        folded.origin.drain(..offset);
        folded.cursor = 0;
        for origin in &mut folded.origin {
            *origin -= raw;
        }
        // Back to one copy when nothing that was folded is left.
        if self.raw.is_ascii() {
            self.folded = None;
        }
        offset
    }

    /// Forgets everything.
    pub(crate) fn clear(&mut self) {
        *self = Self::default();
    }
}

impl Folded {
    fn extend(&mut self, raw: &str, start: usize) {
        for (offset, c) in raw[start..].char_indices() {
            fold_char(c, &mut self.text);
            self.origin.resize(self.text.len(), start + offset);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::FoldBuffer;

    #[test]
    fn offsets_lead_back_to_the_original() {
        let mut buffer = FoldBuffer::default();
        buffer.push("a ");
        assert!(!buffer.is_folded());
        buffer.push("ｆ\u{200b}o.");
        assert_eq!(buffer.folded(), "a fo.");
        assert_eq!(buffer.fold_offset(2), Some(2));
        assert_eq!(buffer.fold_offset(5), None, "an invisible character");
        assert_eq!(buffer.fold_offset(8), Some(3));
        assert_eq!(buffer.raw_end(3), 5);
        assert_eq!(buffer.raw_end(4), 9);
        assert_eq!(buffer.remove_front(2), 2);
        assert_eq!((buffer.raw(), buffer.folded()), ("ｆ\u{200b}o.", "fo."));
        assert_eq!(buffer.fold_offset(3), None);
        assert_eq!(buffer.remove_front(6), 1);
        assert!(!buffer.is_folded());
    }
}

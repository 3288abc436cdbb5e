//! A text that arrives in pieces, beside its fold.

use kt_detect::{Piece, REACH, fold_words};

/// The undecided part of a text, as it came and folded.
///
/// Offsets are in bytes. While the text is ASCII it is its own fold and is
/// kept once.
#[derive(Clone, Default)]
pub(crate) struct FoldBuffer {
    raw: String,
    folded: Option<Folded>,
    /// What follows `raw`, from the first letter on whose fold depends on text
    /// that has not arrived.
    pending: String,
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
    /// Appends a piece; `complete` says that it is the last one.
    pub(crate) fn push(&mut self, piece: &str, complete: bool) {
        let start = self.raw.len();
        if self.folded.is_none() {
            if piece.is_ascii() {
                self.raw.push_str(piece);
                return;
            }
            self.folded = Some(Folded {
                text: self.raw.clone(),
                origin: (0..start).collect(),
                cursor: 0,
            });
        }
        self.raw.push_str(&std::mem::take(&mut self.pending));
        self.raw.push_str(piece);
        if let Some(folded) = &mut self.folded {
            let end = folded.extend(&self.raw, start, complete);
            self.pending = self.raw.split_off(end);
        }
    }

    /// Returns how many bytes have arrived that are not part of the text yet.
    pub(crate) fn pending(&self) -> usize {
        self.pending.len()
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

    /// Returns the offset in the fold of the first character from `raw` on; `None` if there is
    /// none.
    pub(crate) fn next_offset(&mut self, raw: usize) -> Option<usize> {
        if self.folded.is_none() {
            return Some(raw).filter(|raw| *raw < self.raw.len());
        }
        self.fold_offset(raw);
        let folded = self.folded.as_ref()?;
        Some(folded.cursor).filter(|at| *at < folded.origin.len())
    }

    /// Returns the raw offset of the character at an offset of the fold. Of one that became
    /// several, only the first byte leads back to it; the others to what follows.
    pub(crate) fn raw_start(&self, offset: usize) -> usize {
        let Some(folded) = &self.folded else {
            return offset;
        };
        let Some(origin) = folded.origin.get(offset) else {
            return self.raw.len();
        };
        let first = offset == 0 || folded.origin[offset - 1] != *origin;
        if first { *origin } else { self.raw_end(offset) }
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
        if self.raw.is_ascii() && self.pending.is_empty() {
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
    /// Folds what stands in `raw` from `start` on; returns where the fold ends.
    fn extend(&mut self, raw: &str, start: usize, complete: bool) -> usize {
        // What decided about the last letters is within twice the reach.
        let context = raw.floor_char_boundary(start.saturating_sub(2 * REACH));
        let folded = fold_words(&raw[context..], complete, |offset, piece| {
            let at = context + offset;
            let text = piece.text();
            match piece {
                // One character, or ASCII of which a part is known.
                Piece::Unchanged(text) if text.is_ascii() => {
                    let new = start.saturating_sub(at).min(text.len());
                    self.text.push_str(&text[new..]);
                    self.origin.extend(at + new..at + text.len());
                }
                _ if at < start => {}
                _ => {
                    self.text.push_str(text);
                    self.origin.resize(self.text.len(), at);
                }
            }
        });
        context + folded
    }
}

#[cfg(test)]
mod tests {
    use super::FoldBuffer;

    #[test]
    fn offsets_lead_back_to_the_original() {
        let mut buffer = FoldBuffer::default();
        buffer.push("a ", false);
        assert!(!buffer.is_folded());
        buffer.push("ｆ\u{200b}o.", false);
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

    #[test]
    fn a_word_is_folded_as_a_whole_however_it_is_split() {
        for text in ["fаlcоn ледger", "сорт аpple", "ааа", "оk о\u{200b}k е"] {
            let mut whole = FoldBuffer::default();
            whole.push(text, true);
            let mut pieces = FoldBuffer::default();
            for c in text.chars() {
                pieces.push(c.encode_utf8(&mut [0; 4]), false);
            }
            pieces.push("", true);
            assert_eq!(pieces.folded(), whole.folded());
            assert_eq!(pieces.raw(), whole.raw());
        }
        let mut buffer = FoldBuffer::default();
        buffer.push("x а", false);
        assert_eq!((buffer.folded(), buffer.pending()), ("x ", 2));
        buffer.push("p", false);
        assert_eq!((buffer.folded(), buffer.pending()), ("x ap", 0));
    }
}

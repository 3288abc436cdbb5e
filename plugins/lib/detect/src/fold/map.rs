//! The way back from folded text to the original bytes.

use std::ops::Range;

/// A stretch of folded text and where it came from. One that is `unchanged`
/// has the bytes of the original; the bytes of any other come from one
/// character.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Segment {
    /// Where it begins in the folded text.
    pub(super) folded: usize,
    /// Where it begins in the original.
    pub(super) original: usize,
    /// Whether folded and original bytes are the same.
    pub(super) unchanged: bool,
}

/// Begins a segment, unless the last one goes on.
pub(super) fn begin(segments: &mut Vec<Segment>, folded: usize, original: usize, unchanged: bool) {
    if let Some(last) = segments.last_mut() {
        if last.folded == folded {
            (last.original, last.unchanged) = (original, unchanged);
            return;
        }
        let distance = folded - last.folded;
        if last.unchanged && unchanged && last.original + distance == original {
            return;
        }
    }
    segments.push(Segment {
        folded,
        original,
        unchanged,
    });
}

/// Returns the original bytes of a range of folded text. Invisible characters
/// inside the range and right behind it are part of it.
pub(super) fn range(segments: &[Segment], range: Range<usize>, length: usize) -> Range<usize> {
    if segments.is_empty() {
        return range;
    }
    let of = |at: usize| {
        segments
            .partition_point(|s| s.folded <= at)
            .saturating_sub(1)
    };
    let offset = |index: usize, at: usize| {
        let segment = &segments[index];
        let inside = at.saturating_sub(segment.folded);
        segment.original + if segment.unchanged { inside } else { 0 }
    };
    let start = offset(of(range.start), range.start);
    if range.is_empty() {
        return start..start;
    }
    let last = of(range.end - 1);
    let end = match segments.get(last + 1) {
        Some(next) if !segments[last].unchanged || range.end >= next.folded => next.original,
        None if !segments[last].unchanged => length,
        _ => offset(last, range.end),
    };
    start..end.min(length)
}

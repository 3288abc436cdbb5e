//! The requested part of a log.

/// The requested lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct LogRange {
    /// The maximum number of lines; the last ones are returned.
    pub(crate) lines: u32,
    /// Only lines at or after this time, Unix seconds.
    pub(crate) since: Option<i64>,
}

impl LogRange {
    /// Returns the last lines of `lines`, as many as requested.
    pub(super) fn last<T>(self, mut lines: Vec<T>) -> Vec<T> {
        let limit = usize::try_from(self.lines).unwrap_or(usize::MAX);
        let surplus = lines.len().saturating_sub(limit);
        lines.split_off(surplus)
    }
}

//! Spans of the audit log: the earliest and the latest time of each 1,024 rows.
//!
//! Rows have the order of their numbers, in which their times increase, except where a clock was set
//! back or servers have different ones. An index of the times would therefore find the rows of an
//! interval, but all of them had to be sorted before the first page is known. The spans bound the
//! numbers instead: outside of the bounds no row is in the interval, whatever clocks did. They are
//! written by triggers, also when an older kt writes the rows.

/// Bounds of the numbers of rows, both exclusive.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct SeqBounds {
    pub(super) after: Option<u64>,
    pub(super) before: Option<u64>,
}

/// Selects the last row before the first span that reaches a time: no earlier row does. Reads one
/// row for 1,024 rows of the audit log.
pub(super) const LAST_BEFORE: &str = "SELECT max(last_seq) FROM audit_spans
    WHERE last_seq < coalesce((SELECT last_seq FROM audit_spans WHERE max_at >= $1
      ORDER BY last_seq LIMIT 1), 9223372036854775807)";

/// Selects the last row of the last span that begins before a time, or nothing when one of the
/// rows that are in no span yet does. These are fewer than 1,024; the limit lets PostgreSQL, which
/// does not know that, use the index.
pub(super) const LAST_UNTIL: &str = "SELECT CASE
    WHEN coalesce((SELECT min(at) FROM (SELECT at FROM audit
      WHERE seq > (SELECT coalesce(max(last_seq), 0) FROM audit_spans)
      ORDER BY seq LIMIT 65536) AS rest) >= $1, TRUE)
    THEN coalesce((SELECT last_seq FROM audit_spans WHERE min_at < $1
      ORDER BY last_seq DESC LIMIT 1), 0) END";

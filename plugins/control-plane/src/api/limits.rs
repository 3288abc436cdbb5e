//! Limits of values in requests.

/// Largest number of items of a page.
pub(super) const MAX_PAGE: u64 = 200;
/// Number of items of a page when the request has no `limit`.
pub(super) const DEFAULT_PAGE: u64 = 50;
/// Longest wait of a long poll in seconds.
pub(super) const MAX_WAIT_SECONDS: u64 = 300;
/// Longest name of a source file in characters.
pub(super) const MAX_SOURCE_CHARS: usize = 4096;
/// Longest text of a status report in characters.
pub(super) const MAX_REPORT_TEXT_CHARS: usize = 256;
/// Largest number of backups that a request may ask to keep.
pub(super) const MAX_KEPT_BACKUPS: u32 = 10_000;

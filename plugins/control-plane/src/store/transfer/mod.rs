//! Taking what a store keeps out of it, and into another one of either kind.
//!
//! A store is told as a sequence of [`ExportRecord`]s: each gateway, followed by its versions and what
//! its instances answered; then the tokens, as hashes; then the trail. Reports of instances and
//! keys of requests are of the moment and stay behind.

mod check;
mod contract;
mod progress;
mod reader;
mod record;
mod writer;

pub use check::{IntegrityCheck, IntegrityReport};
pub use contract::{AUDIT_PAGE_ROWS, ImportSummary, RecordSink, RecordSource, Selection, Transfer};
pub(super) use progress::ImportProgress;
pub use reader::ExportReader;
pub use record::{ExportHeader, ExportRecord};
pub use writer::ExportWriter;

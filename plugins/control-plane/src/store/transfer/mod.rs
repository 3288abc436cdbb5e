//! Export of a store, and import into another one of either kind.
//!
//! An export is a sequence of [`ExportRecord`]s: each gateway, followed by its versions and the
//! answers of its instances; then the tokens, as hashes; then the audit log. Reports of instances
//! and idempotency keys are temporary and not exported.

mod check;
mod contract;
mod integrity;
mod progress;
mod reader;
mod recent_contents;
mod record;
mod writer;

pub use check::IntegrityReport;
pub use contract::{AUDIT_PAGE_ROWS, ImportSummary, RecordSink, RecordSource, Selection, Transfer};
pub use integrity::{CheckProgress, check_integrity};
pub(super) use progress::ImportProgress;
pub use reader::ExportReader;
pub(super) use recent_contents::RecentContents;
pub use record::{ExportHeader, ExportRecord};
pub use writer::ExportWriter;

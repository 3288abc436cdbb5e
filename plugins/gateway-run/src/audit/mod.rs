//! The audit log: one record per decision and per local halt, hash-chained.
//!
//! Requests pass their record to a writer thread and continue; the thread writes
//! and syncs in batches, so a response may precede its record by a few milliseconds.
//! The chain reveals a record that was removed or changed: `hash` is the SHA-256 of
//! the line without it, and `previous` the hash of the line before.

mod follow;
mod history;
mod lines;
mod log;
mod parse;
mod record;
mod retention;
mod segments;
mod tail;

pub(crate) use follow::Follower;
pub(crate) use history::records_from_newest;
pub(crate) use log::AuditLog;
pub(crate) use record::{AuditEntry, Served};

//! One record per decision, each carrying the hash of the one before.
//!
//! Requests hand their record to a thread of its own and go on; the thread
//! writes and syncs in batches. The chain makes a removed or changed record
//! visible: `hash` is the SHA-256 of the line without it.

mod spool;

pub(crate) use spool::{Audit, Record};

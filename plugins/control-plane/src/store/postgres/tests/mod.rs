//! The store in a database: several servers, and what a lost connection leaves behind.

mod database;
mod listeners;
mod lost;
mod pruned;
mod trust;

use database::Database;
pub(super) use listeners::RecordingListeners;

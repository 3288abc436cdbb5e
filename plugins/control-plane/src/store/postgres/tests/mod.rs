//! Tests of the store in a database: several servers, and lost connections.

mod database;
mod group_commit;
mod listeners;
mod migration;
mod notifications;
mod plans;
mod pruned;
mod states;
mod trust;

use database::Database;
pub(super) use listeners::RecordingListeners;

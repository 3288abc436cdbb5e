//! Backups that a server makes by itself.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::admin::by_server;
use super::connection::off_loop;
use crate::api::Api;
use crate::store::BackupDirectory;

/// When to make backups, and how many to keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    /// Time between two of them.
    pub every: Duration,
    /// How many are kept, at least 1.
    pub keep: usize,
}

/// Makes backups until it is dropped. What cannot be made now is tried again at the next time.
pub(super) async fn follow(schedule: Schedule, api: Api, backups: Arc<BackupDirectory>) {
    tokio::time::sleep(due(schedule.every, &backups)).await;
    loop {
        let (api, backups) = (api.clone(), Arc::clone(&backups));
        let make = move || api.copy(&backups, by_server(), Some(schedule.keep));
        match off_loop(make).await {
            Ok(Ok(made)) => {
                let (file, removed) = (made.file, made.removed.len());
                tracing::info!(file, size = made.size, removed, "the store was backed up");
            }
            Ok(Err(problem)) => {
                tracing::error!(why = problem.detail, "the store was not backed up");
            }
            // It was logged where it was caught.
            Err(_) => {}
        }
        tokio::time::sleep(schedule.every).await;
    }
}

/// How long until the first: until the newest that is there is old enough, so that a server that
/// is often started anew makes them too.
fn due(every: Duration, backups: &BackupDirectory) -> Duration {
    let newest = backups.newest().ok().flatten();
    // One from the future, as after the clock was set back, says nothing.
    let age = newest.and_then(|made| SystemTime::now().duration_since(made).ok());
    age.map_or(Duration::ZERO, |age| every.saturating_sub(age))
}

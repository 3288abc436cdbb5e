//! Scheduled backups.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::admin_token::server_change;
use super::blocking::run_blocking;
use crate::api::Api;
use crate::store::BackupDirectory;

/// The interval of backups, and how many to keep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BackupSchedule {
    /// Time between two backups.
    pub interval: Duration,
    /// Number of backups to keep, at least 1.
    pub keep: usize,
}

/// Creates backups until it is dropped. After an error the next one is due after the interval.
pub(super) async fn run_schedule(
    schedule: BackupSchedule,
    api: Api,
    backups: Arc<BackupDirectory>,
) {
    tokio::time::sleep(first_delay(schedule.interval, &backups)).await;
    loop {
        let (api, backups) = (api.clone(), Arc::clone(&backups));
        let back_up = move || api.back_up(&backups, server_change(), Some(schedule.keep));
        match run_blocking(back_up).await {
            Ok(Ok(backup)) => {
                let (file, removed) = (backup.file, backup.removed.len());
                tracing::info!(file, size = backup.size, removed, "backup created");
            }
            Ok(Err(problem)) => {
                tracing::error!(error = problem.detail, "backup failed");
            }
            // The panic was logged where it was caught.
            Err(_) => {}
        }
        tokio::time::sleep(schedule.interval).await;
    }
}

/// Returns the delay before the first backup: until the newest existing one is old enough, so that
/// a server that restarts often creates backups too.
fn first_delay(interval: Duration, backups: &BackupDirectory) -> Duration {
    let newest = backups.newest().ok().flatten();
    // A time in the future, as after the clock was set back, is ignored.
    let age = newest.and_then(|time| SystemTime::now().duration_since(time).ok());
    age.map_or(Duration::ZERO, |age| interval.saturating_sub(age))
}

//! Counts the runs that ended in a crash.

use crate::atomic_file;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The period in which crashes count, in seconds. With the increasing restart
/// delays of systemd 254 and later, ten immediate crashes take 240 s.
pub(super) const WINDOW_S: u64 = 600;
/// The number of crashes within the period that parks the service.
const LIMIT: usize = 10;
const FILE: &str = "starts.json";

/// The starts without an orderly end, oldest first, in Unix seconds. The start is
/// recorded, because a crashed process cannot record its crash.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct CrashHistory {
    starts: Vec<u64>,
}

impl CrashHistory {
    pub(super) fn read(dir: &Path) -> Self {
        let bytes = std::fs::read(dir.join(FILE)).unwrap_or_default();
        serde_json::from_slice(&bytes).unwrap_or_default()
    }

    /// Writes the file. A failure is ignored: the service can run without it.
    pub(super) fn write(&self, dir: &Path) {
        let json = serde_json::to_vec(self).unwrap_or_default();
        drop(atomic_file::replace(&dir.join(FILE), &json));
    }

    /// Removes starts before the period, and starts in the future, which appear
    /// when the clock was set back.
    pub(super) fn remove_expired(&mut self, now: u64) {
        self.starts
            .retain(|&at| at <= now && now.saturating_sub(at) < WINDOW_S);
    }

    /// Returns the number of crashes, if it has reached the limit.
    pub(super) fn over_limit(&self) -> Option<usize> {
        (self.starts.len() >= LIMIT).then_some(self.starts.len())
    }

    pub(super) fn clear(&mut self) {
        self.starts.clear();
    }

    pub(super) fn record_start(&mut self, now: u64) {
        self.starts.push(now);
    }

    /// Removes the start of this run, which is the newest.
    pub(super) fn record_orderly_end(&mut self) {
        self.starts.truncate(self.starts.len().saturating_sub(1));
    }
}

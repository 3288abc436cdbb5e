//! Counts the runs that did not come to an orderly end.

use super::write::put;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// How far back crashes count, seconds. With the growing pauses of systemd 254
/// and later, ten crashes at once take 240 s.
pub(super) const WINDOW_S: u64 = 600;
/// This many crashes within the window park the service.
const LIMIT: usize = 10;
const FILE: &str = "starts.json";

/// Starts whose end is not known, oldest first, Unix seconds. A crash leaves its
/// start here, because nothing of the process runs any more.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Crashes {
    starts: Vec<u64>,
}

impl Crashes {
    pub(super) fn read(dir: &Path) -> Self {
        let bytes = std::fs::read(dir.join(FILE)).unwrap_or_default();
        serde_json::from_slice(&bytes).unwrap_or_default()
    }

    pub(super) fn write(&self, dir: &Path) {
        put(dir, FILE, &serde_json::to_vec(self).unwrap_or_default());
    }

    /// Drops what is too long ago, or in the future of a clock that was set
    /// back.
    pub(super) fn forget_before(&mut self, now: u64) {
        self.starts
            .retain(|&at| at <= now && now.saturating_sub(at) < WINDOW_S);
    }

    pub(super) fn too_many(&self) -> Option<usize> {
        (self.starts.len() >= LIMIT).then_some(self.starts.len())
    }

    pub(super) fn clear(&mut self) {
        self.starts.clear();
    }

    pub(super) fn note_start(&mut self, now: u64) {
        self.starts.push(now);
    }

    /// The newest start is this run's.
    pub(super) fn note_end(&mut self) {
        self.starts.truncate(self.starts.len().saturating_sub(1));
    }
}

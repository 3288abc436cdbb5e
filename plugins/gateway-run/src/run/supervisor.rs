//! Tells a supervisor how the gateway stands: over systemd's notification
//! socket, or in a file.

use crate::snapshot::Snapshot;
use crate::worker::Pool;
use sd_notify::NotifyState;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// A worker whose loop has not turned for this long hangs.
const HUNG: Duration = Duration::from_secs(10);

/// Whoever supervises the process; perhaps nobody.
pub(crate) struct Supervisor {
    file: Option<PathBuf>,
    watchdog: Option<Duration>,
    fed: Instant,
    told: Option<u64>,
}

impl Supervisor {
    pub(crate) fn new(file: Option<PathBuf>) -> Self {
        // Half of what the supervisor allows, as sd_watchdog_enabled(3) advises.
        let watchdog = sd_notify::watchdog_enabled().map(|allowed| allowed / 2);
        Self {
            file,
            watchdog,
            fed: Instant::now(),
            told: None,
        }
    }

    /// The listeners are bound and a configuration is in force.
    pub(crate) fn ready(&mut self, snapshot: &Snapshot) {
        let status = status_of(snapshot);
        self.tell(
            &[NotifyState::Ready, NotifyState::Status(&status)],
            "ready",
            &status,
        );
        self.told = snapshot.version;
    }

    /// Feeds the watchdog for as long as every worker turns, and says which
    /// configuration is in force when that changed.
    pub(crate) fn feed(&mut self, pool: &Pool, snapshot: &Snapshot) {
        if self.told != snapshot.version {
            let status = status_of(snapshot);
            self.tell(&[NotifyState::Status(&status)], "ready", &status);
            self.told = snapshot.version;
        }
        let Some(interval) = self.watchdog else {
            return;
        };
        if self.fed.elapsed() >= interval && pool.alive(HUNG) {
            self.fed = Instant::now();
            notify(&[NotifyState::Watchdog]);
        }
    }

    /// The gateway drains.
    pub(crate) fn stopping(&self) {
        self.tell(&[NotifyState::Stopping], "stopping", "draining");
    }

    fn tell(&self, states: &[NotifyState<'_>], word: &str, status: &str) {
        notify(states);
        if let Some(file) = &self.file {
            let text = format!("{word}\n{status}\n");
            let fresh = file.with_extension("new");
            let written = std::fs::write(&fresh, text).and_then(|()| std::fs::rename(&fresh, file));
            if let Err(error) = written {
                tracing::warn!("the notifier file cannot be written: {error}");
            }
        }
    }
}

fn notify(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!("the supervisor cannot be notified: {error}");
    }
}

fn status_of(snapshot: &Snapshot) -> String {
    let usable = snapshot.upstreams.iter().filter(|u| u.usable()).count();
    match snapshot.version {
        Some(version) => format!("configuration version {version} in force, {usable} upstreams"),
        None => format!("unpublished configuration in force, {usable} upstreams"),
    }
}

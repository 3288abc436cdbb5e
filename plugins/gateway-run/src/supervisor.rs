//! Notifies the service manager of readiness, status and liveness, over
//! systemd's notification socket or in a file.

use crate::snapshot::Snapshot;
use crate::worker::Pool;
use sd_notify::NotifyState;
use std::fs::Permissions;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A worker whose event loop has not run for this long counts as hung.
const HUNG_AFTER: Duration = Duration::from_secs(10);

/// The notification channels of the process's supervisor, if it has one.
pub(crate) struct Supervisor {
    notify_file: Option<PathBuf>,
    watchdog_interval: Option<Duration>,
    last_watchdog: Instant,
    reported_version: Option<u64>,
}

impl Supervisor {
    pub(crate) fn new(notify_file: Option<PathBuf>) -> Self {
        // Half of the configured timeout, as sd_watchdog_enabled(3) advises.
        let watchdog_interval = sd_notify::watchdog_enabled().map(|timeout| timeout / 2);
        Self {
            notify_file,
            watchdog_interval,
            last_watchdog: Instant::now(),
            reported_version: None,
        }
    }

    /// Reports that the listeners are bound and a configuration is active.
    pub(crate) fn ready(&mut self, snapshot: &Snapshot) {
        let status = format_status(snapshot);
        self.notify(
            &[NotifyState::Ready, NotifyState::Status(&status)],
            "ready",
            &status,
        );
        self.reported_version = snapshot.version;
    }

    /// Sends the watchdog keep-alive while every worker responds, and the status
    /// when the active version has changed.
    pub(crate) fn tick(&mut self, pool: &Pool, snapshot: &Snapshot) {
        if self.reported_version != snapshot.version {
            let status = format_status(snapshot);
            self.notify(&[NotifyState::Status(&status)], "ready", &status);
            self.reported_version = snapshot.version;
        }
        let Some(interval) = self.watchdog_interval else {
            return;
        };
        if self.last_watchdog.elapsed() >= interval && pool.is_alive(HUNG_AFTER) {
            self.last_watchdog = Instant::now();
            send(&[NotifyState::Watchdog]);
        }
    }

    /// Reports that the gateway is draining.
    pub(crate) fn stopping(&self) {
        self.notify(&[NotifyState::Stopping], "stopping", "draining");
    }

    fn notify(&self, states: &[NotifyState<'_>], state: &str, status: &str) {
        send(states);
        if let Some(file) = &self.notify_file
            && let Err(error) = replace(file, &format!("{state}\n{status}\n"))
        {
            tracing::warn!("cannot write the notify file: {error}");
        }
    }
}

/// Replaces a file atomically, so that readers never see half of it.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let dir = path.parent().unwrap_or(Path::new("."));
    let mut temporary = tempfile::Builder::new()
        .permissions(Permissions::from_mode(0o644))
        .tempfile_in(dir)?;
    temporary.write_all(text.as_bytes())?;
    temporary.persist(path)?;
    Ok(())
}

fn send(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::warn!("cannot notify the service manager: {error}");
    }
}

fn format_status(snapshot: &Snapshot) -> String {
    let available = snapshot
        .upstreams
        .iter()
        .filter(|u| u.is_available())
        .count();
    match snapshot.version {
        Some(version) => {
            format!("configuration version {version} active, {available} upstreams available")
        }
        None => format!("unpublished configuration active, {available} upstreams available"),
    }
}

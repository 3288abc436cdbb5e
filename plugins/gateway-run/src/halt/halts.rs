//! The halts in effect, for every thread of a gateway.

use super::file::{HaltFile, StoredHalts};
use jiff::Timestamp;
use kt_control_api::{Gateway, Halt, InstanceHalt};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use tokio::sync::watch;

/// The halts of a gateway.
#[derive(Debug)]
pub(crate) struct Halts {
    /// Whether there is a halt, which may have ended: requests read only this while there is none.
    any: AtomicBool,
    stored: Mutex<StoredHalts>,
    file: HaltFile,
    /// Wakes the requests in flight.
    halted: watch::Sender<bool>,
}

impl Halts {
    /// Reads the halts of a gateway from its state directory. If they cannot be read, the gateway
    /// counts as halted: it must not serve because a file was damaged.
    pub(crate) fn open(dir: &Path) -> Self {
        let file = HaltFile::new(dir);
        let stored = file.read().unwrap_or_else(|error| {
            tracing::error!("the gateway is halted: its halts on disk cannot be read: {error}");
            StoredHalts {
                local: Some(Halt {
                    reason: "the stored halt is damaged".to_owned(),
                    by: "kt".to_owned(),
                    since: Timestamp::now(),
                    until: None,
                }),
                ..StoredHalts::default()
            }
        });
        let halts = Self {
            any: AtomicBool::new(false),
            stored: Mutex::new(stored),
            file,
            halted: watch::Sender::new(false),
        };
        if let Some(halt) = halts.refresh(&halts.lock()) {
            tracing::warn!(by = halt.by, "the gateway is halted: {}", halt.reason);
        }
        halts
    }

    /// Takes over what the control plane says of a gateway that starts.
    pub(crate) fn start(&self, gateway: &Gateway) {
        // Without a number it is an older control plane, or one that was restored: the poll decides.
        if gateway.halt_generation > 0 {
            self.set_by_control_plane(gateway.halt.clone(), gateway.halt_generation);
        }
    }

    /// The number of the last change at the control plane that was acted on.
    pub(crate) fn generation(&self) -> u64 {
        self.lock().generation
    }

    /// Returns the halt in effect.
    pub(crate) fn current(&self) -> Option<Halt> {
        if !self.any.load(Ordering::Acquire) {
            return None;
        }
        in_effect(&self.lock()).cloned()
    }

    /// Waits until the gateway is halted, and returns the halt.
    pub(crate) async fn wait(&self) -> Halt {
        let mut halted = self.halted.subscribe();
        loop {
            // Fails only without a sender, which this is.
            drop(halted.wait_for(|halted| *halted).await);
            if let Some(halt) = self.current() {
                return halt;
            }
            // It has ended by itself, which the control loop finds out shortly.
            if halted.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// Returns what is reported to the control plane; `None` before the first halt.
    pub(crate) fn report(&self) -> Option<InstanceHalt> {
        let stored = self.lock();
        let halted = in_effect(&stored).is_some();
        let generation = stored.generation;
        (halted || generation > 0).then_some(InstanceHalt { generation, halted })
    }

    /// Sets the halt at the control plane, or ends it.
    pub(crate) fn set_by_control_plane(&self, halt: Option<Halt>, generation: u64) {
        self.update(|stored| {
            stored.control_plane = halt;
            stored.generation = generation;
        });
    }

    /// Sets the halt through the administration socket, or ends it; returns the one before.
    pub(crate) fn set_local(&self, halt: Option<Halt>) -> Option<Halt> {
        let mut before = None;
        self.update(|stored| before = std::mem::replace(&mut stored.local, halt));
        before
    }

    /// Removes halts that have ended by themselves.
    pub(crate) fn remove_ended(&self) {
        if !self.any.load(Ordering::Acquire) {
            return;
        }
        let now = Timestamp::now();
        let has_ended = |halt: &Option<Halt>| halt.as_ref().is_some_and(|h| !h.is_in_effect(now));
        let stored = self.lock();
        let (control_plane, local) = (has_ended(&stored.control_plane), has_ended(&stored.local));
        drop(stored);
        if control_plane || local {
            self.update(|stored| {
                stored.control_plane.take_if(|h| !h.is_in_effect(now));
                stored.local.take_if(|h| !h.is_in_effect(now));
            });
        }
    }

    fn update(&self, change: impl FnOnce(&mut StoredHalts)) {
        let mut stored = self.lock();
        let before = stored.clone();
        change(&mut stored);
        if *stored == before {
            return;
        }
        let was_halted = *self.halted.borrow();
        let halt = self.refresh(&stored);
        // The number alone is not worth a write: the control plane sends the halt again.
        let is_written =
            (&stored.control_plane, &stored.local) != (&before.control_plane, &before.local);
        if is_written && let Err(error) = self.file.write(&stored) {
            tracing::error!("cannot store the halt, which a restart would forget: {error}");
        }
        match halt {
            Some(halt) => tracing::warn!(
                by = halt.by,
                until = halt.until.map(tracing::field::display),
                "the gateway is halted: {}",
                halt.reason
            ),
            None if was_halted => tracing::warn!("the gateway is not halted any more"),
            None => {}
        }
    }

    /// Publishes the halt in effect to the requests.
    fn refresh<'s>(&self, stored: &'s StoredHalts) -> Option<&'s Halt> {
        let halt = in_effect(stored);
        self.any.store(halt.is_some(), Ordering::Release);
        self.halted.send_replace(halt.is_some());
        halt
    }

    fn lock(&self) -> MutexGuard<'_, StoredHalts> {
        self.stored.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Returns the halt in effect: that of the control plane, else the local one.
fn in_effect(stored: &StoredHalts) -> Option<&Halt> {
    let now = Timestamp::now();
    let halts = stored.control_plane.iter().chain(&stored.local);
    halts.into_iter().find(|halt| halt.is_in_effect(now))
}

#[cfg(test)]
mod tests {
    use super::Halts;
    use jiff::{SignedDuration, Timestamp};
    use kt_control_api::{Halt, InstanceHalt};
    use std::future::Future;
    use std::os::unix::fs::PermissionsExt;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    fn halt(reason: &str, seconds: Option<i64>) -> Halt {
        Halt {
            reason: reason.to_owned(),
            by: "test".to_owned(),
            since: Timestamp::now(),
            until: seconds.map(|s| Timestamp::now() + SignedDuration::from_secs(s)),
        }
    }

    fn reason(halts: &Halts) -> Option<String> {
        halts.current().map(|halt| halt.reason)
    }

    #[test]
    fn a_halt_stays_on_disk_until_it_is_ended() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("gw/halt.json");
        let open = || Halts::open(&dir.path().join("gw"));
        let halts = open();
        assert_eq!((reason(&halts), halts.report()), (None, None));
        halts.set_by_control_plane(Some(halt("leak", None)), 3);
        assert_eq!(reason(&halts).as_deref(), Some("leak"));
        let mode = file.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let halts = open();
        assert_eq!(reason(&halts).as_deref(), Some("leak"));
        assert_eq!(halts.generation(), 3);
        let halted = true;
        let generation = 3;
        assert_eq!(halts.report(), Some(InstanceHalt { generation, halted }));
        halts.set_by_control_plane(None, 4);
        assert_eq!(reason(&halts), None);
        assert!(!file.exists());
        let report = halts.report().unwrap();
        assert_eq!((report.generation, report.halted), (4, false));
    }

    #[test]
    fn a_local_halt_is_independent_of_that_of_the_control_plane() {
        let dir = tempfile::tempdir().unwrap();
        let halts = Halts::open(dir.path());
        assert_eq!(halts.set_local(Some(halt("here", None))), None);
        halts.set_by_control_plane(Some(halt("everywhere", None)), 1);
        assert_eq!(reason(&halts).as_deref(), Some("everywhere"));
        let before = halts.set_local(None).unwrap();
        assert_eq!(before.reason, "here");
        assert_eq!(reason(&halts).as_deref(), Some("everywhere"));
        halts.set_local(Some(halt("here", None)));
        halts.set_by_control_plane(None, 2);
        assert_eq!(reason(&halts).as_deref(), Some("here"));
    }

    #[test]
    fn a_halt_ends_by_the_clock() {
        let dir = tempfile::tempdir().unwrap();
        let halts = Halts::open(dir.path());
        halts.set_local(Some(halt("over", Some(-1))));
        assert_eq!(reason(&halts), None);
        halts.set_local(Some(halt("drill", Some(3600))));
        halts.remove_ended();
        assert_eq!(reason(&halts).as_deref(), Some("drill"));
    }

    #[test]
    fn a_damaged_file_halts() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("halt.json");
        std::fs::write(&file, "{").unwrap();
        let halts = Halts::open(dir.path());
        assert!(reason(&halts).unwrap().contains("damaged"));
        halts.set_local(None);
        assert_eq!((reason(&halts), file.exists()), (None, false));
    }

    #[test]
    fn a_request_in_flight_is_woken() {
        let dir = tempfile::tempdir().unwrap();
        let halts = Halts::open(dir.path());
        let mut wait = pin!(halts.wait());
        let mut context = Context::from_waker(Waker::noop());
        assert!(wait.as_mut().poll(&mut context).is_pending());
        halts.set_local(Some(halt("leak", None)));
        let Poll::Ready(halt) = wait.as_mut().poll(&mut context) else {
            panic!("not woken");
        };
        assert_eq!(halt.reason, "leak");
    }
}

//! The programs that change something, and how long they may take.

use crate::place::{Place, QUICK_MS, call, text};
use kt_plugin_api::service::ExecSpec;

/// How long s6 may take to begin or end watching a service, milliseconds;
/// measured at 15.
const WATCH_MS: u64 = 10_000;
/// On top of what the service itself may take, milliseconds: a finish script
/// gets five seconds of s6.
const MARGIN_MS: u64 = 10_000;
/// `s6-svc -wu` ends with it when the finish script, which was still running,
/// decided meanwhile to keep the service down.
const KEPT_DOWN: i32 = 1;

/// The programs for one service.
pub(crate) struct Programs<'a> {
    pub(crate) place: &'a Place,
    /// How long the service may take to end, seconds.
    pub(crate) stop_timeout_s: u32,
}

impl Programs<'_> {
    /// s6 begins to watch the service, which stays down for now. Harmless when
    /// it does already.
    pub(crate) fn link(&self) -> ExecSpec {
        let (scan, dir) = (text(&self.place.scan), text(&self.place.dir));
        let limit = WATCH_MS.to_string();
        let words = ["s6-svlink", "-d", "-t", &limit, &scan, &dir];
        call(&words, WATCH_MS + MARGIN_MS)
    }

    /// s6 stops watching the service. Ends with 0 when there is nothing to do,
    /// and also when it has waited in vain.
    pub(crate) fn unlink(&self) -> ExecSpec {
        let (scan, limit) = (text(&self.place.scan), self.stop_ms());
        let words = ["s6-svunlink", "-t", &limit.to_string(), &scan];
        let words: Vec<&str> = [&words[..], &[&self.place.name]].concat();
        call(&words, limit + MARGIN_MS)
    }

    /// Waits until s6 watches the service no more.
    pub(crate) fn unwatched(&self) -> ExecSpec {
        call(&["s6-svok", &text(&self.place.dir)], QUICK_MS)
            .expecting(&[1])
            .retrying(&[0], 50, WATCH_MS)
    }

    /// Starts the service and waits until its process is there; whether it is
    /// ready it says itself.
    pub(crate) fn up(&self) -> ExecSpec {
        let limit = QUICK_MS.to_string();
        self.svc(&["-wu", "-T", &limit, "-u"], QUICK_MS + MARGIN_MS)
            .retrying(&[KEPT_DOWN], 100, QUICK_MS)
    }

    /// Starts the service.
    pub(crate) fn up_soon(&self) -> ExecSpec {
        self.svc(&["-u"], QUICK_MS)
    }

    /// Stops the service and waits until its finish script has ended too.
    pub(crate) fn down(&self) -> ExecSpec {
        let limit = self.stop_ms();
        let words = ["-wD", "-T", &limit.to_string(), "-d"];
        self.svc(&words, limit + MARGIN_MS)
    }

    /// Earlier deaths would count as restarts.
    pub(crate) fn forget(&self) -> ExecSpec {
        call(&["s6-svdt-clear", &text(&self.place.dir)], QUICK_MS)
    }

    /// Lets s6 start the service by itself.
    pub(crate) fn enable(&self) -> ExecSpec {
        call(&["rm", "-f", &text(&self.place.file("down"))], QUICK_MS)
    }

    /// Keeps s6 from starting the service by itself.
    pub(crate) fn disable(&self) -> ExecSpec {
        call(&["touch", &text(&self.place.file("down"))], QUICK_MS)
    }

    /// Removes the entry and nothing else.
    pub(crate) fn remove_entry(&self) -> ExecSpec {
        call(&["rm", "-f", &text(&self.place.entry)], QUICK_MS)
    }

    /// Removes what s6 and the plan made: a folder that holds something of the
    /// person's stays, which is code 1.
    pub(crate) fn tidy(&self) -> [ExecSpec; 2] {
        let file = |name: &str| text(&self.place.file(name));
        let (state, event, down) = (file("supervise"), file("event"), file("down"));
        let remove = call(&["rm", "-rf", &state, &event, &down], QUICK_MS);
        let (data, dir) = (file("data"), text(&self.place.dir));
        let folders = call(&["rmdir", &data, &dir], QUICK_MS).expecting(&[0, 1]);
        [remove, folders]
    }

    fn svc(&self, options: &[&str], limit: u64) -> ExecSpec {
        let dir = text(&self.place.dir);
        let words: Vec<&str> = [&["s6-svc"], options, &[&dir]].concat();
        call(&words, limit)
    }

    fn stop_ms(&self) -> u64 {
        u64::from(self.stop_timeout_s) * 1_000 + MARGIN_MS
    }
}

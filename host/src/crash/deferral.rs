//! Calls after which something is not checked at once.

use super::identity::PluginIdentity;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, Ordering::SeqCst};

/// The calls since the last check.
pub(super) struct Deferral {
    /// The least number of milliseconds between two checks of calls within another one.
    interval: u64,
    /// When it was checked last; 0 for never.
    checked_at: AtomicU64,
    /// The plugin that was called since; null if none was.
    plugin: AtomicPtr<PluginIdentity>,
    /// Whether another one was called too.
    several: AtomicBool,
}

impl Deferral {
    pub(super) const fn new(interval: u64) -> Self {
        Self {
            interval,
            checked_at: AtomicU64::new(0),
            plugin: AtomicPtr::new(ptr::null_mut()),
            several: AtomicBool::new(false),
        }
    }

    /// Returns the number of milliseconds until a check is due.
    pub(super) fn due_in(&self, now: u64) -> u64 {
        match self.checked_at.load(SeqCst) {
            0 => 0,
            at => at.saturating_add(self.interval).saturating_sub(now),
        }
    }

    /// Defers the check after a call, and returns whether it is the first call since the
    /// last check.
    pub(super) fn defer(&self, plugin: &'static PluginIdentity) -> bool {
        let pointer = ptr::from_ref(plugin).cast_mut();
        let before = self
            .plugin
            .compare_exchange(ptr::null_mut(), pointer, SeqCst, SeqCst);
        if before.is_err_and(|other| other != pointer) {
            self.several.store(true, SeqCst);
        }
        before.is_ok()
    }

    /// Returns whether a check was deferred.
    pub(super) fn is_pending(&self) -> bool {
        !self.plugin.load(SeqCst).is_null()
    }

    /// Begins a check, after a call of `current` if there is one. Returns the plugin that
    /// was called since the last check, if only one was.
    pub(super) fn begin_check(
        &self,
        now: u64,
        current: Option<&'static PluginIdentity>,
    ) -> Option<&'static PluginIdentity> {
        self.checked_at.store(now, SeqCst);
        let deferred = self.plugin.swap(ptr::null_mut(), SeqCst);
        let several = self.several.swap(false, SeqCst);
        // SAFETY: null, or an identity, which is never freed.
        let deferred = unsafe { deferred.as_ref() };
        match (deferred, current) {
            _ if several => None,
            (Some(a), Some(b)) if !ptr::eq(a, b) => None,
            (one, other) => one.or(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Deferral, PluginIdentity};

    #[test]
    fn a_check_is_due_after_the_interval_and_blames_only_the_one_that_was_called() {
        let name = |plugin: Option<&'static PluginIdentity>| plugin.map(|p| p.name.as_str());
        let (a, b) = (PluginIdentity::named("a"), PluginIdentity::named("b"));
        let deferral = Deferral::new(100);
        assert_eq!(deferral.due_in(7), 0, "it was never checked");
        assert_eq!(name(deferral.begin_check(7, Some(a))), Some("a"));
        assert_eq!((deferral.due_in(7), deferral.due_in(107)), (100, 0));
        assert!(!deferral.is_pending());
        assert!(deferral.defer(a) && !deferral.defer(a) && deferral.is_pending());
        assert_eq!(name(deferral.begin_check(200, None)), Some("a"));
        assert!(deferral.defer(a));
        assert_eq!(name(deferral.begin_check(300, Some(b))), None);
        assert!(deferral.defer(a) && !deferral.defer(b));
        assert_eq!(name(deferral.begin_check(400, Some(a))), None);
        assert!(!deferral.is_pending());
        assert_eq!(name(deferral.begin_check(500, Some(b))), Some("b"));
    }
}

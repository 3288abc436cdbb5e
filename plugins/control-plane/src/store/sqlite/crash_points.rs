//! Points at which tests kill the process.

/// The points before and after a transaction at which a test may kill the process.
pub(super) struct CrashPoints {
    pub(super) before: &'static str,
    pub(super) committed: &'static str,
}

pub(super) const CREATE: CrashPoints = CrashPoints {
    before: "create.before",
    committed: "create.committed",
};
pub(super) const RELOAD: CrashPoints = CrashPoints {
    before: "reload.before",
    committed: "reload.committed",
};
pub(super) const REVERT: CrashPoints = CrashPoints {
    before: "revert.before",
    committed: "revert.committed",
};
pub(super) const PRUNE: CrashPoints = CrashPoints {
    before: "prune.before",
    committed: "prune.committed",
};
pub(super) const ROTATE: CrashPoints = CrashPoints {
    before: "rotate.before",
    committed: "rotate.committed",
};
pub(super) const OTHER: CrashPoints = CrashPoints {
    before: "change.before",
    committed: "change.committed",
};

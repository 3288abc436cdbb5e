//! Where tests kill the process.

/// Where a test may kill the process around a transaction.
pub(super) struct Points {
    pub(super) before: &'static str,
    pub(super) committed: &'static str,
}

pub(super) const CREATE: Points = Points {
    before: "create.before",
    committed: "create.committed",
};
pub(super) const RELOAD: Points = Points {
    before: "reload.before",
    committed: "reload.committed",
};
pub(super) const REVERT: Points = Points {
    before: "revert.before",
    committed: "revert.committed",
};
pub(super) const PRUNE: Points = Points {
    before: "prune.before",
    committed: "prune.committed",
};
pub(super) const ROTATE: Points = Points {
    before: "rotate.before",
    committed: "rotate.committed",
};
pub(super) const OTHER: Points = Points {
    before: "change.before",
    committed: "change.committed",
};

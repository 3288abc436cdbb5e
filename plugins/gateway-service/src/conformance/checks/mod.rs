//! The checks, by subject.

mod assertions;
pub(super) mod backend;
pub(super) mod failures;
pub(super) mod files;
pub(super) mod interruption;
pub(super) mod lifecycle;

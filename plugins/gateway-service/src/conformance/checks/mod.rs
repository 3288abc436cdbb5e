//! The checks, by what they are about.

pub(super) mod files;
pub(super) mod killed;
pub(super) mod life;
pub(super) mod pure;
pub(super) mod trouble;
mod verdict;

//! Commands that keep a store: copies, moves and checks of it. They work on the store itself, not
//! through its API, so that they also do when no server runs.

mod backup;
mod export;
mod fsck;
mod import;
mod place;
mod restore;

pub(super) use backup::run as backup;
pub(super) use export::run as export;
pub(super) use fsck::run as fsck;
pub(super) use import::run as import;
pub(super) use restore::run as restore;

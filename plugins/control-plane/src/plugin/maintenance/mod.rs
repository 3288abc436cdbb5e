//! Commands that back up, move and check a store. They access the store directly, and therefore
//! work without a server.

mod backup;
mod export;
mod fsck;
mod import;
mod integrity;
mod restore;
mod store_handle;

pub(super) use backup::run as backup;
pub(super) use export::run as export;
pub(super) use fsck::run as fsck;
pub(super) use import::run as import;
pub(super) use restore::run as restore;

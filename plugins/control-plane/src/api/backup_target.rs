//! Where the server writes backups of its store.

use std::sync::Arc;

use crate::store::BackupDirectory;

/// Where the server writes backups of its store.
#[derive(Debug, Clone)]
pub(super) enum BackupTarget {
    /// Nowhere: no server runs, and `kt control-plane backup` copies the file itself.
    None,
    /// Nowhere: the store is a database, which is backed up with its own tools.
    Database,
    /// A directory of the server.
    Directory(Arc<BackupDirectory>),
}

//! Calls about backups.

use crate::{ApiError, BackUp, BackupMade, Client, Transport};

impl<T: Transport> Client<T> {
    /// Has the server copy its store, in a folder of its own.
    ///
    /// # Errors
    /// `Usage` when there is no server, or its store is no file.
    pub fn back_up(&self, wish: &BackUp) -> Result<BackupMade, ApiError> {
        self.post("/v1/admin/backup".to_owned(), wish, None)
    }
}

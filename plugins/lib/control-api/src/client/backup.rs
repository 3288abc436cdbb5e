//! Calls about backups.

use crate::{ApiError, BackupInfo, BackupRequest, Client, Method, Request, Transport};

impl<T: Transport> Client<T> {
    /// Has the server copy its store, in a folder of its own.
    ///
    /// # Errors
    /// `Usage` when there is no server, or its store is no file.
    pub fn back_up(&self, wish: &BackupRequest) -> Result<BackupInfo, ApiError> {
        // Without a second attempt: it would make a second backup, and remove the first.
        self.change(Request::new(Method::Post, "/v1/admin/backup"), wish, None)
    }
}

//! Calls about backups.

use crate::{ApiError, BackupInfo, BackupRequest, Client, Method, Request, Transport};

impl<T: Transport> Client<T> {
    /// Creates a backup of the store of the server, in its backup directory.
    ///
    /// # Errors
    /// `Usage` when there is no server, or its store is not a file.
    pub fn back_up(&self, request: &BackupRequest) -> Result<BackupInfo, ApiError> {
        // Without a retry, which would create a second backup and remove the first one.
        self.change(
            Request::new(Method::Post, "/v1/admin/backup"),
            request,
            None,
        )
    }
}

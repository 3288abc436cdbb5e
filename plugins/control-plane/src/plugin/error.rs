//! Converts errors to those that the host reports.

use kt_plugin_api::{Class, Error};

use crate::embedded::LockError;
use crate::serve::ServeError;
use crate::store::StoreError;

/// Converts an error of the server.
pub(super) fn from_serve(error: &ServeError) -> Error {
    let (class, id) = match error {
        ServeError::NotLoopback(_) => {
            let error = Error::new(Class::Usage, "listen-not-loopback", error.to_string());
            return error
                .hint("specify a certificate and its key with `--tls-cert` and `--tls-key`")
                .hint("or listen on a loopback address, for example `--listen 127.0.0.1:8080`");
        }
        ServeError::Tls(_) => (Class::Settings, "tls-files"),
        ServeError::Lock(error) => return from_lock(error),
        ServeError::Listen(..) => (Class::Unavailable, "cannot-listen"),
        ServeError::AdminToken(..) => (Class::Settings, "admin-token"),
        ServeError::Store(error) => return from_store(error),
        ServeError::System(_) => (Class::Unavailable, "system"),
    };
    Error::new(class, id, error.to_string())
}

/// Converts an error of locking the store.
pub(super) fn from_lock(error: &LockError) -> Error {
    let (class, id) = match error {
        LockError::Served(_) => (Class::Conflict, "control-plane-running"),
        LockError::InUse(_) => (Class::Conflict, "store-in-use"),
        LockError::Failed(..) => (Class::Unavailable, "lock-failed"),
    };
    Error::new(class, id, error.to_string())
}

/// Converts an error of the store.
pub(super) fn from_store(error: &StoreError) -> Error {
    let (class, id) = match error {
        StoreError::UnsupportedSchema { .. } => (Class::Plugin, "storage-too-new"),
        StoreError::Unusable(_) => (Class::Settings, "storage-unsafe"),
        StoreError::NotFound(_) | StoreError::Gone(_) => (Class::NotFound, "not-found"),
        StoreError::AlreadyExists(_) => (Class::Conflict, "exists"),
        StoreError::Corrupt(_) => (Class::Usage, "damaged"),
        StoreError::InvalidExport { .. } => (Class::Usage, "invalid-export"),
        _ => (Class::Unavailable, "storage-failed"),
    };
    Error::new(class, id, error.to_string())
}

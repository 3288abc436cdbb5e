//! Executes requests in the caller's process.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use kt_cancellation::Cancellation;
use kt_control_api::{
    Problem, ProblemCode, Request, Response, ServiceMode, TransportError, TransportErrorKind,
};

use super::cancellation::{error, sleep};
use super::lock::SharedLock;
use super::socket_client::SocketClient;
use crate::api::{
    Api, LongPoll, Principal, Reply, is_streaming, problem_response, streaming_unsupported,
};
use crate::store::{DATABASE_FILE, SqliteStore, StoreError, prepare_directory};
use crate::validator::Validator;

/// How often a long poll checks whether any process has changed the store.
const STORE_POLL_INTERVAL: Duration = Duration::from_millis(250);
/// How often to retry while a server starts or stops, and how long.
const RETRY_INTERVAL: Duration = Duration::from_millis(25);
const RETRY_TIMEOUT: Duration = Duration::from_secs(5);
/// The size of the write-ahead log at which it is truncated. A process that has the store to
/// itself reads the whole log first, and does not know that an earlier one has checkpointed it, so
/// that SQLite never starts it anew: after 2,000 commands it was measured to have 102 MB, and every
/// command to take 45 ms longer. With 375 kB a command took 0.6 ms longer, a seventh of its time.
const MAX_LOG: u64 = 256 << 10;

/// The control plane of a state directory: in process, or the local server while one runs.
pub struct Embedded {
    directory: PathBuf,
    validator: Arc<dyn Validator>,
}

impl Embedded {
    /// Returns the control plane of a directory. Nothing is opened before the first request.
    #[must_use]
    pub fn new(directory: &Path, validator: Arc<dyn Validator>) -> Self {
        Self {
            directory: directory.to_owned(),
            validator,
        }
    }

    /// Executes a request.
    ///
    /// A store that cannot be used is a response with a problem document, as from a server.
    ///
    /// # Errors
    /// When the caller cancels, the deadline is over, or a local server holds the store and does
    /// not respond.
    pub fn handle(
        &self,
        request: &Request,
        cancellation: Cancellation<'_>,
    ) -> Result<Response, TransportError> {
        if is_streaming(request) {
            // Through the socket, the response would be complete only after minutes.
            return Ok(streaming_unsupported());
        }
        let start = Instant::now();
        loop {
            if let Some(reason) = cancellation.reason() {
                return Err(error(reason));
            }
            match self.attempt(request, cancellation)? {
                Some(response) => return Ok(response),
                None if start.elapsed() >= RETRY_TIMEOUT => {
                    return Err(unreachable(&self.directory));
                }
                None => sleep(cancellation, RETRY_INTERVAL)?,
            }
        }
    }

    /// Tries once, in process or through the socket of a server. `None` when the server does not
    /// accept connections, as while it starts or stops.
    fn attempt(
        &self,
        request: &Request,
        cancellation: Cancellation<'_>,
    ) -> Result<Option<Response>, TransportError> {
        if let Err(error) = prepare_directory(&self.directory) {
            return Ok(Some(store_unusable(&error)));
        }
        let Some(lock) = self.lock()? else {
            return self.send_to_server(request, cancellation);
        };
        let path = self.directory.join(DATABASE_FILE);
        let store = match SqliteStore::open_for_one_request(&path) {
            Ok(store) => store,
            Err(error) => return Ok(Some(store_unusable(&error))),
        };
        let validator = Arc::clone(&self.validator);
        let store = Arc::new(store);
        let api = Api::with_system_clock(store.clone(), validator, ServiceMode::Embedded);
        let user = Principal::local_user(rustix::process::geteuid().as_raw());
        match api.handle(request, &user) {
            Reply::Complete(complete) => {
                self.bound_log(&store);
                Ok(Some(complete.response))
            }
            Reply::EventStream(_) | Reply::AuditExport(_) => Ok(Some(streaming_unsupported())),
            Reply::LongPoll(poll) => {
                // A long poll must not keep a server from starting.
                drop(lock);
                self.wait(&api, &poll, request, cancellation)
            }
        }
    }

    fn bound_log(&self, store: &SqliteStore) {
        let log = self.directory.join(format!("{DATABASE_FILE}-wal"));
        if fs::metadata(log).is_ok_and(|meta| meta.len() >= MAX_LOG) {
            // The request has succeeded; a later one tries again.
            drop(store.try_checkpoint());
        }
    }

    fn wait(
        &self,
        api: &Api,
        poll: &LongPoll,
        request: &Request,
        cancellation: Cancellation<'_>,
    ) -> Result<Option<Response>, TransportError> {
        let end = Instant::now() + poll.wait();
        let with_remaining_wait = || {
            let left = end.saturating_duration_since(Instant::now()).as_secs();
            request.clone().with_query("wait", left)
        };
        let mut last_pulse = None;
        let file = self.file_identity();
        loop {
            let lock = self.lock()?;
            if lock.is_none() {
                return self.send_to_server(&with_remaining_wait(), cancellation);
            }
            if self.file_identity() != file {
                // A backup was restored, and the open store is the one before.
                drop(lock);
                return self.attempt(&with_remaining_wait(), cancellation);
            }
            let pulse = api.store().change_counter().ok();
            if pulse != last_pulse || pulse.is_none() || poll.awaits_answers() {
                last_pulse = pulse;
                if let Some(response) = api.poll(poll) {
                    return Ok(Some(response));
                }
            }
            if Instant::now() >= end {
                return Ok(Some(api.poll_timed_out(poll)));
            }
            drop(lock);
            let left = end.saturating_duration_since(Instant::now());
            sleep(cancellation, left.min(STORE_POLL_INTERVAL))?;
        }
    }

    /// Returns device and inode of the store's file.
    fn file_identity(&self) -> Option<(u64, u64)> {
        let metadata = fs::metadata(self.directory.join(DATABASE_FILE)).ok()?;
        Some((metadata.dev(), metadata.ino()))
    }

    fn send_to_server(
        &self,
        request: &Request,
        cancellation: Cancellation<'_>,
    ) -> Result<Option<Response>, TransportError> {
        SocketClient::new(&self.directory)?.send(request, cancellation)
    }

    fn lock(&self) -> Result<Option<SharedLock>, TransportError> {
        SharedLock::take(&self.directory).map_err(|error| {
            let message = format!("cannot lock {}: {error}", self.directory.display());
            TransportError::new(TransportErrorKind::Unavailable, message)
        })
    }
}

fn store_unusable(error: &StoreError) -> Response {
    let code = match error {
        StoreError::Busy(_) => ProblemCode::StorageBusy,
        StoreError::UnsupportedSchema { .. } => ProblemCode::StorageTooNew,
        _ => ProblemCode::StorageFailed,
    };
    problem_response(Problem::new(code, error.to_string()), "")
}

fn unreachable(directory: &Path) -> TransportError {
    let message = format!(
        "a control plane serves {} but does not respond on its socket",
        directory.display()
    );
    TransportError::new(TransportErrorKind::Unavailable, message)
}

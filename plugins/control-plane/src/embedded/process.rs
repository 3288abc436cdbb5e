//! Carrying a request out in the caller's process.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use kt_control_api::{
    Problem, ProblemCode, Request, Response, ServiceMode, TransportError, TransportErrorKind,
};

use super::lock::SharedLock;
use super::relay::{Relay, Relayed};
use crate::api::{Api, Handled, Parked, Principal, is_streamed, needs_server, problem_response};
use crate::store::{DATABASE_FILE, SqliteStore, StoreError, prepare_directory};
use crate::validator::Validator;

/// How often a waiter looks whether the store was changed, by whichever process.
const TICK: Duration = Duration::from_millis(250);
/// How often a waiter looks whether its caller gave up.
const NAP: Duration = Duration::from_millis(25);
/// How long to go on trying while a server is starting or ending.
const HANDOVER: Duration = Duration::from_secs(5);

/// The control plane of a state directory, wherever it runs at the moment.
pub struct Embedded {
    directory: PathBuf,
    validator: Arc<dyn Validator>,
}

/// When and why to stop waiting.
#[derive(Clone, Copy)]
pub(super) struct Patience<'a> {
    pub(super) deadline: Option<Instant>,
    pub(super) cancelled: &'a dyn Fn() -> bool,
}

impl Embedded {
    /// Names the directory. Nothing is opened before the first request.
    #[must_use]
    pub fn new(directory: &Path, validator: Arc<dyn Validator>) -> Self {
        Self {
            directory: directory.to_owned(),
            validator,
        }
    }

    /// Carries a request out.
    ///
    /// A store that cannot be used is a response with a problem document, as with a server.
    ///
    /// # Errors
    /// When the caller gave up, time ran out, or a local server holds the store and did not answer.
    pub fn handle(
        &self,
        request: &Request,
        deadline: Option<Instant>,
        cancelled: &dyn Fn() -> bool,
    ) -> Result<Response, TransportError> {
        let patience = Patience {
            deadline,
            cancelled,
        };
        if is_streamed(request) {
            // Through the socket it would only end after minutes.
            return Ok(needs_server());
        }
        let start = Instant::now();
        loop {
            patience.check()?;
            match self.attempt(request, patience)? {
                Some(response) => return Ok(response),
                None if start.elapsed() >= HANDOVER => return Err(unreachable(&self.directory)),
                None => thread::sleep(NAP),
            }
        }
    }

    /// Tries once in process or, while a server holds the store, through its socket. `None` when
    /// the server does not answer, as when it is just starting or ending.
    fn attempt(
        &self,
        request: &Request,
        patience: Patience<'_>,
    ) -> Result<Option<Response>, TransportError> {
        if let Err(error) = prepare_directory(&self.directory) {
            return Ok(Some(unusable(&error)));
        }
        let Some(lock) = self.lock()? else {
            return self.relay(request, patience);
        };
        let store = match SqliteStore::open(&self.directory.join(DATABASE_FILE)) {
            Ok(store) => store,
            Err(error) => return Ok(Some(unusable(&error))),
        };
        let validator = Arc::clone(&self.validator);
        let api = Api::with_system_clock(Arc::new(store), validator, ServiceMode::Embedded);
        let me = Principal::local_user(rustix::process::geteuid().as_raw());
        match api.begin(request, &me) {
            Handled::Done(answer) => Ok(Some(answer.response)),
            Handled::Following(_) | Handled::Sending(_) => Ok(Some(needs_server())),
            Handled::Parked(parked) => {
                // Whoever only waits must not keep a server from starting.
                drop(lock);
                self.wait(&api, &parked, request, patience)
            }
        }
    }

    fn wait(
        &self,
        api: &Api,
        parked: &Parked,
        request: &Request,
        patience: Patience<'_>,
    ) -> Result<Option<Response>, TransportError> {
        let end = Instant::now() + parked.wait();
        let mut seen = None;
        let file = self.file();
        loop {
            let lock = self.lock()?;
            if lock.is_none() {
                let left = end.saturating_duration_since(Instant::now()).as_secs();
                return self.relay(&request.clone().with_query("wait", left), patience);
            }
            if self.file() != file {
                // A backup was restored: the store that is open here is not it.
                drop(lock);
                let left = end.saturating_duration_since(Instant::now()).as_secs();
                return self.attempt(&request.clone().with_query("wait", left), patience);
            }
            let pulse = api.store().change_counter().ok();
            if pulse != seen || pulse.is_none() || parked.depends_on_time() {
                seen = pulse;
                if let Some(response) = api.again(parked) {
                    return Ok(Some(response));
                }
            }
            if Instant::now() >= end {
                return Ok(Some(api.expire(parked)));
            }
            drop(lock);
            patience.sleep_until(end.min(Instant::now() + TICK))?;
        }
    }

    /// Which file the store is, among all that ever had its name.
    fn file(&self) -> Option<(u64, u64)> {
        let facts = fs::metadata(self.directory.join(DATABASE_FILE)).ok()?;
        Some((facts.dev(), facts.ino()))
    }

    fn relay(
        &self,
        request: &Request,
        patience: Patience<'_>,
    ) -> Result<Option<Response>, TransportError> {
        match Relay::new(&self.directory)?.send(request, patience)? {
            Relayed::Answered(response) => Ok(Some(response)),
            Relayed::NobodyThere => Ok(None),
        }
    }

    fn lock(&self) -> Result<Option<SharedLock>, TransportError> {
        SharedLock::take(&self.directory).map_err(|error| {
            let message = format!("the lock in {} failed: {error}", self.directory.display());
            TransportError::new(TransportErrorKind::Unavailable, message)
        })
    }
}

impl Patience<'_> {
    /// Fails when the caller gave up or time ran out.
    pub(super) fn check(&self) -> Result<(), TransportError> {
        if (self.cancelled)() {
            return Err(TransportError::new(
                TransportErrorKind::Cancelled,
                "cancelled",
            ));
        }
        if self
            .deadline
            .is_some_and(|deadline| Instant::now() >= deadline)
        {
            return Err(TransportError::new(
                TransportErrorKind::Timeout,
                "time ran out",
            ));
        }
        Ok(())
    }

    fn sleep_until(&self, end: Instant) -> Result<(), TransportError> {
        loop {
            self.check()?;
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            thread::sleep(left.min(NAP));
        }
    }
}

fn unusable(error: &StoreError) -> Response {
    let slug = match error {
        StoreError::Busy(_) => ProblemCode::StorageBusy,
        StoreError::UnsupportedSchema { .. } => ProblemCode::StorageTooNew,
        _ => ProblemCode::StorageFailed,
    };
    problem_response(Problem::new(slug, error.to_string()), "")
}

fn unreachable(directory: &Path) -> TransportError {
    let message = format!(
        "a control plane serves {} but does not answer on its socket",
        directory.display()
    );
    TransportError::new(TransportErrorKind::Unavailable, message)
}

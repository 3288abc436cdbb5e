//! The way to one plugin: a bounded number of calls at a time, and of texts that wait for one.

use kt_plugin_api::policy::{JudgeRequest, JudgeResult};
use kt_policy::GuardFailure;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use tokio::time::{Instant, timeout_at};

/// The calls of one plugin that run at the same time.
const CONCURRENT_CALLS: usize = 4;
/// The judgments that wait for a call.
const MAX_WAITING: usize = 1024;
/// How long a plugin whose process has ended is not started again.
const RESTART_BACKOFF: Duration = Duration::from_secs(1);

/// The way to one plugin, for all workers.
pub(crate) struct PluginLane {
    /// The name of the provider.
    pub(super) name: String,
    permits: Arc<Semaphore>,
    waiting: AtomicUsize,
    calls: Sender<LaneCommand>,
    restart_at: Mutex<Option<std::time::Instant>>,
}

/// A command to the thread that starts calls.
pub(super) enum LaneCommand {
    Call(Box<PluginCall>),
    Stop,
}

/// A call of a plugin.
pub(super) struct PluginCall {
    pub(super) lane: Arc<PluginLane>,
    pub(super) request: JudgeRequest,
    pub(super) deadline: std::time::Instant,
    pub(super) reply: oneshot::Sender<Result<JudgeResult, CallError>>,
    /// Until the plugin has returned, also if nobody waits for it.
    pub(super) _permit: OwnedSemaphorePermit,
}

/// Why a plugin has no answer, with a message for the log.
pub(crate) struct CallError {
    pub(crate) failure: GuardFailure,
    pub(crate) message: String,
}

impl CallError {
    pub(crate) fn new(failure: GuardFailure, message: impl Into<String>) -> Self {
        Self {
            failure,
            message: message.into(),
        }
    }
}

/// Counts a judgment that waits.
struct Waiting<'l>(&'l AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl PluginLane {
    pub(super) fn new(name: String, calls: Sender<LaneCommand>) -> Self {
        Self {
            name,
            permits: Arc::new(Semaphore::new(CONCURRENT_CALLS)),
            waiting: AtomicUsize::new(0),
            calls,
            restart_at: Mutex::new(None),
        }
    }

    /// Calls the plugin. The request is only built when its turn has come.
    ///
    /// # Errors
    /// Why there is no answer.
    pub(crate) async fn call(
        self: &Arc<Self>,
        request: impl FnOnce() -> JudgeRequest,
        timeout: Duration,
    ) -> Result<JudgeResult, CallError> {
        let deadline = Instant::now() + timeout;
        let late = || {
            let message = format!("no answer within {timeout:?}");
            CallError::new(GuardFailure::Timeout, message)
        };
        let permit = self.permit(deadline).await?.ok_or_else(late)?;
        let (reply, answer) = oneshot::channel();
        let call = PluginCall {
            lane: Arc::clone(self),
            request: request(),
            deadline: deadline.into_std(),
            reply,
            _permit: permit,
        };
        let stopped = || CallError::new(GuardFailure::Unavailable, "the gateway is stopping");
        self.calls
            .send(LaneCommand::Call(Box::new(call)))
            .map_err(|_| stopped())?;
        match timeout_at(deadline, answer).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(_)) => Err(stopped()),
            Err(_) => Err(late()),
        }
    }

    /// Waits for the turn; `None` at the deadline.
    async fn permit(&self, deadline: Instant) -> Result<Option<OwnedSemaphorePermit>, CallError> {
        let before = self.waiting.fetch_add(1, Ordering::Relaxed);
        let _waiting = Waiting(&self.waiting);
        if before >= MAX_WAITING {
            let message = format!("{MAX_WAITING} judgments wait for it");
            return Err(CallError::new(GuardFailure::Overloaded, message));
        }
        let permit = timeout_at(deadline, Arc::clone(&self.permits).acquire_owned()).await;
        // The semaphore is never closed.
        Ok(permit.ok().and_then(Result::ok))
    }

    /// Whether the process of the plugin may be started, or has not ended.
    pub(super) fn may_start(&self) -> bool {
        let restart_at = self.restart_at.lock();
        let restart_at = *restart_at.unwrap_or_else(PoisonError::into_inner);
        restart_at.is_none_or(|at| std::time::Instant::now() >= at)
    }

    /// Records that the process of the plugin has ended.
    pub(super) fn ended(&self) {
        let restart_at = self.restart_at.lock();
        let at = std::time::Instant::now() + RESTART_BACKOFF;
        *restart_at.unwrap_or_else(PoisonError::into_inner) = Some(at);
    }
}

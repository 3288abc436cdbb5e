//! The threads that call plugins.

use super::lane::{CallError, LaneCommand, PluginCall, PluginLane};
use kt_plugin_api::policy::{INTERFACE, JudgeResult};
use kt_plugin_api::{Context, Error, ProviderHandle};
use kt_policy::GuardFailure;
use std::collections::HashMap;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::Scope;
use std::time::{Duration, Instant};

/// The id of the error of a call during which the process of a plugin ended.
const PROCESS_ENDED: &str = "plugin-process-ended";

/// The ways to the plugins that are guards, which survive every reload.
#[derive(Clone)]
pub(crate) struct PluginCalls(Arc<Inner>);

struct Inner {
    lanes: Mutex<HashMap<String, Arc<PluginLane>>>,
    sender: Sender<LaneCommand>,
    receiver: Mutex<Option<Receiver<LaneCommand>>>,
}

/// The open providers, by name.
type Providers<'c> = Mutex<HashMap<String, ProviderHandle<'c>>>;

/// Ends the thread that starts calls.
struct StopOnDrop(Sender<LaneCommand>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        // Fails only if the thread has ended.
        drop(self.0.send(LaneCommand::Stop));
    }
}

impl PluginCalls {
    pub(crate) fn new() -> Self {
        let (sender, receiver) = channel();
        Self(Arc::new(Inner {
            lanes: Mutex::default(),
            sender,
            receiver: Mutex::new(Some(receiver)),
        }))
    }

    /// Returns the way to a plugin.
    pub(crate) fn lane(&self, name: &str) -> Arc<PluginLane> {
        let lanes = self.0.lanes.lock();
        let mut lanes = lanes.unwrap_or_else(PoisonError::into_inner);
        let new = || Arc::new(PluginLane::new(name.to_owned(), self.0.sender.clone()));
        Arc::clone(lanes.entry(name.to_owned()).or_insert_with(new))
    }

    /// Runs `body`, and the calls of plugins meanwhile. The context is only valid during the
    /// call of the command, so it returns after the last call of a plugin has.
    pub(crate) fn serve_during<T>(&self, context: &Context<'_>, body: impl FnOnce() -> T) -> T {
        let receiver = self.0.receiver.lock();
        let receiver = receiver.unwrap_or_else(PoisonError::into_inner).take();
        let providers = Providers::default();
        std::thread::scope(|scope| {
            let _stop = StopOnDrop(self.0.sender.clone());
            if let Some(receiver) = receiver {
                let providers = &providers;
                scope.spawn(move || start_calls(&receiver, scope, (context, providers)));
            }
            body()
        })
    }
}

/// Starts a thread for each call. Each plugin has few at a time: its lane sees to that.
fn start_calls<'s, 'c: 's>(
    calls: &Receiver<LaneCommand>,
    scope: &'s Scope<'s, '_>,
    (context, providers): (&'s Context<'c>, &'s Providers<'c>),
) {
    while let Ok(LaneCommand::Call(call)) = calls.recv() {
        let thread = std::thread::Builder::new().name("plugin call".to_owned());
        let run = move || run(*call, context, providers);
        if let Err(error) = thread.spawn_scoped(scope, run) {
            tracing::error!("cannot create a thread to call a plugin: {error}");
        }
    }
}

fn run<'c>(call: PluginCall, context: &Context<'c>, providers: &Providers<'c>) {
    // The caller may have gone while the call waited.
    if call.reply.is_closed() {
        return;
    }
    let left = call.deadline.saturating_duration_since(Instant::now());
    let result = judge(&call, (context, left), providers);
    // Fails if nobody waits anymore.
    drop(call.reply.send(result));
}

fn judge<'c>(
    call: &PluginCall,
    (context, left): (&Context<'c>, Duration),
    providers: &Providers<'c>,
) -> Result<JudgeResult, CallError> {
    let lane = &call.lane;
    // A gateway that drains still judges what it serves.
    let context = context.without_cancellation(left);
    let provider = provider(lane, &context, providers)?;
    let answer = provider
        .with_context(&context)
        .call::<JudgeResult>("judge", &call.request);
    answer.map_err(|error| {
        if error.id == PROCESS_ENDED {
            lane.ended();
            // The next call starts the plugin again.
            lock(providers).remove(&lane.name);
        }
        failed(&error)
    })
}

fn provider<'c>(
    lane: &PluginLane,
    context: &Context<'c>,
    providers: &Providers<'c>,
) -> Result<ProviderHandle<'c>, CallError> {
    if let Some(open) = lock(providers).get(&lane.name) {
        return Ok(open.clone());
    }
    if !lane.may_start() {
        let message = "its process has ended, and is started again soon";
        return Err(CallError::new(GuardFailure::Unavailable, message));
    }
    let opened = context.open_provider(INTERFACE, Some(&lane.name));
    let opened = opened.map_err(|error| {
        lane.ended();
        failed(&error)
    })?;
    lock(providers).insert(lane.name.clone(), opened.clone());
    Ok(opened)
}

fn failed(error: &Error) -> CallError {
    let failure = match error.id.as_str() {
        "invalid-response" => GuardFailure::InvalidAnswer,
        "timeout" => GuardFailure::Timeout,
        _ => GuardFailure::Unavailable,
    };
    let causes = error.causes.iter().map(|cause| format!(": {cause}"));
    CallError::new(failure, error.message.clone() + &causes.collect::<String>())
}

fn lock<'l, 'c>(
    providers: &'l Providers<'c>,
) -> std::sync::MutexGuard<'l, HashMap<String, ProviderHandle<'c>>> {
    providers.lock().unwrap_or_else(PoisonError::into_inner)
}

//! The control loop.

use super::active_config::ActiveConfig;
use super::origin::{ApplyMode, ConfigOrigin, PendingConfig};
use super::poll::{self, PollEvent, Position};
use super::reporter::{REPORT_INTERVAL, ReportOutcome, StatusReporter};
use crate::admin::ReloadRequest;
use crate::snapshot::{BuildError, Builder, ConfigInput};
use crate::state::GatewayState;
use crate::supervisor::Supervisor;
use jiff::Timestamp;
use kt_cancellation::Cancellation;
use kt_control_api::{ConfigSource, DesiredResponse, ObservedVersion};
use kt_plugin_api::{Class, Context, Error, Event};
use kt_policy::Source as SourceText;
use serde_json::json;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

/// The interval at which the control loop looks for reload signals, which the host
/// counts, and for keep-alives that are due. It waits for everything else.
const TICK: Duration = Duration::from_millis(250);

/// What ends a wait of the control loop.
enum Wake {
    Poll(PollEvent),
    Reload(ReloadRequest),
    /// The call was cancelled, or the time is over.
    Timer,
}

/// Reconciles the active configuration with the desired one.
pub(crate) struct Controller<'a, 'p> {
    context: &'a Context<'a>,
    builder: &'p Builder<'a>,
    state: Arc<GatewayState>,
    origin: ConfigOrigin<'a>,
    active: ActiveConfig<'p>,
    reporter: StatusReporter,
    /// Everything up to this position was handled.
    position: Position,
    connected: bool,
    /// The number of reload signals that were handled.
    reload_signals: u64,
    /// The maximum duration of one poll, seconds.
    poll_wait: u64,
}

impl<'a, 'p> Controller<'a, 'p> {
    pub(crate) fn new(
        context: &'a Context<'a>,
        builder: &'p Builder<'a>,
        state: Arc<GatewayState>,
        origin: ConfigOrigin<'a>,
        active: ActiveConfig<'p>,
        reporter: StatusReporter,
        (connected, poll_wait): (bool, u64),
    ) -> Self {
        let position = Position {
            epoch: None,
            index: active.status.applied.generation,
        };
        Self {
            context,
            builder,
            state,
            origin,
            active,
            reporter,
            position,
            connected,
            reload_signals: context.reload_count(),
            poll_wait,
        }
    }

    /// Completes the start: stores the active configuration, or records why the
    /// desired one was rejected.
    pub(crate) fn initialize(
        &mut self,
        rejected: Option<(BuildError, Option<u64>)>,
        generation: u64,
    ) {
        match rejected {
            Some((error, version)) => {
                self.position.index = generation;
                self.active.reject(&error, version, generation);
            }
            None if self.active.status.source == ConfigSource::ControlPlane => {
                self.active.store(self.origin.owner());
            }
            None => {}
        }
        self.active.publish(None);
    }

    /// Runs the control loop until the process shuts down.
    ///
    /// # Errors
    /// When the runtime in which it waits cannot be created.
    pub(crate) fn run(
        &mut self,
        mut reloads: UnboundedReceiver<ReloadRequest>,
        supervisor: &mut Supervisor,
    ) -> Result<(), Error> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|e| {
                Error::internal("cannot create the runtime of the control loop").cause(e)
            })?;
        let (event_sender, mut events) = unbounded_channel();
        let (position_sender, positions) = channel();
        std::thread::scope(|scope| {
            if let Some(managed) = &self.origin.managed {
                let client = managed.poll_client();
                let gateway = managed.gateway.id.to_string();
                let instance = self.reporter.instance_id().clone();
                let (context, wait) = (self.context, self.poll_wait);
                let halts = Arc::clone(&self.state.halts);
                scope.spawn(move || {
                    let (instance, halts) = ((gateway.as_str(), &instance), (context, &*halts));
                    poll::run(&client, instance, wait, halts, &event_sender, &positions);
                });
                self.resume_poll(&position_sender);
            }
            let context = self.context;
            let next = || runtime.block_on(next_event(context, &mut events, &mut reloads));
            self.event_loop(next, &position_sender, supervisor);
            drop(position_sender);
        });
        Ok(())
    }

    fn event_loop(
        &mut self,
        mut next: impl FnMut() -> Wake,
        positions: &Sender<Position>,
        supervisor: &mut Supervisor,
    ) {
        let interval = Duration::from_secs(REPORT_INTERVAL.into());
        let mut next_report = Instant::now();
        while self.context.cancelled().is_none() {
            if Instant::now() >= next_report {
                self.report(false);
                next_report = Instant::now() + interval;
            }
            supervisor.tick(self.active.pool(), &self.active.snapshot);
            self.handle_reload_signal();
            self.state.halts.remove_ended();
            match next() {
                Wake::Poll(PollEvent::Desired(response)) => {
                    self.set_connected(true);
                    self.handle_desired(&response);
                    self.report(false);
                    next_report = Instant::now() + interval;
                    self.resume_poll(positions);
                }
                Wake::Poll(PollEvent::Connected) => self.set_connected(true),
                Wake::Poll(PollEvent::HaltChanged) => {
                    self.set_connected(true);
                    self.report(false);
                    next_report = Instant::now() + interval;
                }
                Wake::Poll(PollEvent::Disconnected(error)) => self.disconnected(&error),
                Wake::Reload(request) => self.handle_reload_request(request),
                Wake::Timer => {}
            }
        }
    }

    fn resume_poll(&self, positions: &Sender<Position>) {
        // Fails only when the poll thread has ended, as at shutdown.
        drop(positions.send(self.position.clone()));
    }

    fn handle_desired(&mut self, response: &DesiredResponse) {
        if response.reset {
            self.position.index = 0;
        }
        let mode = ApplyMode::of(response, self.position.index);
        self.position.epoch = Some(response.epoch.clone());
        self.active
            .update_published(|published| published.desired.clone_from(&response.desired));
        let version = response.desired.as_ref().map(|d| d.version);
        self.active.status.observed = Some(ObservedVersion {
            version,
            generation: response.index,
        });
        let snapshot = &self.active.snapshot;
        let is_active = response.desired.as_ref().is_some_and(|d| {
            Some(d.version) == snapshot.version && d.sha256.to_string() == snapshot.sha256
        });
        if mode == ApplyMode::IfChanged && is_active {
            self.acknowledge(response.index);
            return;
        }
        match self.origin.load(response, mode) {
            Ok(Some(pending)) => {
                // A rejection has been recorded, and is reported.
                drop(self.apply(&pending, ConfigSource::ControlPlane));
            }
            Ok(None) => self.acknowledge(response.index),
            // The source is invalid: a retry cannot help before it changes.
            Err(error) if error.class == Class::Usage => {
                self.active
                    .reject(&BuildError::from(error), None, response.index);
            }
            Err(error) => {
                // Not handled: the next poll returns it again.
                tracing::warn!("cannot load the desired configuration: {error}");
                self.disconnected(&error.message);
                return;
            }
        }
        self.position.index = self.position.index.max(response.index);
    }

    fn acknowledge(&mut self, generation: u64) {
        self.position.index = self.position.index.max(generation);
        self.active.acknowledge(generation);
    }

    /// Builds and activates a configuration, or records its rejection.
    fn apply(&mut self, pending: &PendingConfig, source: ConfigSource) -> Result<(), String> {
        let PendingConfig { input, generation } = pending;
        let snapshot = self.builder.build(input).map_err(|error| {
            self.active.reject(&error, input.version, *generation);
            error.first().message
        })?;
        let sha256 = snapshot.sha256.clone();
        let owner = self.origin.owner();
        if !self.active.activate(snapshot, source, *generation, owner) {
            return Err("not every worker activated the configuration".to_owned());
        }
        self.position.index = self.position.index.max(*generation);
        self.context.event(&applied_event(&sha256, input.version));
        Ok(())
    }

    /// Handles SIGHUP: loads the source again.
    fn handle_reload_signal(&mut self) {
        let signals = self.context.reload_count();
        if signals != self.reload_signals {
            self.reload_signals = signals;
            if let Err(error) = self.reload() {
                tracing::warn!("cannot reload the configuration: {error}");
            }
            self.report(false);
        }
    }

    fn reload(&mut self) -> Result<(), String> {
        let pending = self
            .origin
            .reload(self.active.input(), self.position.index)
            .map_err(|error| error.to_string())?;
        let source = if pending.input.version.is_some() {
            ConfigSource::ControlPlane
        } else {
            ConfigSource::File
        };
        self.apply(&pending, source)
    }

    /// Handles a request on the administration socket.
    fn handle_reload_request(&mut self, request: ReloadRequest) {
        let result = match request.content {
            // A local override is active but not stored: it is drift until it is
            // reconciled.
            Some(content) => {
                let pending = PendingConfig {
                    input: ConfigInput {
                        version: None,
                        sources: vec![SourceText::new("override", content)],
                    },
                    generation: self.position.index,
                };
                self.apply(&pending, ConfigSource::File)
            }
            None => self.reload(),
        };
        let snapshot = &self.active.snapshot;
        let serving = json!({ "version": snapshot.version, "sha256": snapshot.sha256 });
        let reply = match result {
            Ok(()) => Ok(json!({ "result": "applied", "serving": serving })),
            Err(reason) => {
                Err(json!({ "result": "rejected", "reason": reason, "serving": serving }))
            }
        };
        self.report(false);
        // Fails only when the client has disconnected.
        drop(request.reply.send(reply));
    }

    /// Reports the status to the control plane.
    pub(crate) fn report(&mut self, stopping: bool) {
        let applied = self.active.applied_on_disk();
        let Some(managed) = &self.origin.managed else {
            return;
        };
        match self.reporter.send(
            managed,
            &self.active.status,
            applied,
            &self.state.halts,
            stopping,
        ) {
            ReportOutcome::Sent => self.set_connected(true),
            ReportOutcome::Skipped => {}
            ReportOutcome::Failed(error) if stopping => {
                tracing::debug!("cannot send the last report: {error}");
            }
            ReportOutcome::Failed(error) => self.disconnected(&error),
        }
    }

    fn disconnected(&mut self, error: &str) {
        if self.context.cancelled().is_some() {
            // The call was interrupted by the shutdown.
            return;
        }
        if self.connected {
            tracing::warn!(
                "the control plane is unreachable; the active configuration remains: {error}"
            );
        }
        self.set_connected(false);
    }

    fn set_connected(&mut self, connected: bool) {
        if self.connected != connected {
            self.connected = connected;
            self.active
                .update_published(|published| published.connected = connected);
        }
        self.state.metrics.set_connected(connected);
    }

    /// The time at which the active configuration was activated.
    pub(crate) fn applied_at(&self) -> Timestamp {
        self.active.status.applied.at
    }
}

/// Waits for the next event. Without a control plane the channel of the poll is closed.
async fn next_event(
    context: &Context<'_>,
    events: &mut UnboundedReceiver<PollEvent>,
    reloads: &mut UnboundedReceiver<ReloadRequest>,
) -> Wake {
    let cancellation = Cancellation::of(context);
    tokio::select! {
        Some(event) = events.recv() => Wake::Poll(event),
        Some(request) = reloads.recv() => Wake::Reload(request),
        _ = cancellation.wait() => Wake::Timer,
        () = tokio::time::sleep(TICK) => Wake::Timer,
    }
}

fn applied_event(sha256: &str, version: Option<u64>) -> Event {
    let name = version.map_or_else(
        || "an unpublished configuration".to_owned(),
        |v| format!("version {v}"),
    );
    let abbreviated = sha256.get(..12).unwrap_or(sha256);
    Event {
        event: "applied".to_owned(),
        message: format!("serving {name} (sha256 {abbreviated})"),
        data: json!({ "version": version, "sha256": sha256 }),
    }
}

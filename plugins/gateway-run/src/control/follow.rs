//! The control loop.

use super::change::{self, Force, Work};
use super::last_applied::LastApplied;
use super::local::Files;
use super::managed::Managed;
use super::poll::{self, News, Position, asked_pause};
use super::report::{self, Identity, Standing};
use crate::admin::{Request, View};
use crate::run::Supervisor;
use crate::snapshot::{BuildError, Builder, Input, Snapshot};
use crate::worker::{Pool, Shared};
use jiff::Timestamp;
use kt_control_api::{ConfigSource, DesiredResponse, DesiredVersion, ObservedVersion};
use kt_plugin_api::{Class, Context, Error, Event};
use kt_policy::Source as Text;
use serde_json::{Value, json};
use std::sync::mpsc::{Receiver, Sender, TryRecvError, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// How often the loop looks around; changes of the control plane come through
/// a channel and wait for at most this.
const TICK: Duration = Duration::from_millis(50);

/// Everything the loop works on.
pub(crate) struct Follower<'a, 'p> {
    pub(crate) context: &'a Context<'a>,
    pub(crate) builder: &'p Builder<'a>,
    pub(crate) pool: &'p Pool,
    pub(crate) shared: Arc<Shared>,
    pub(crate) view: Arc<Mutex<View>>,
    pub(crate) managed: Option<Managed<'a>>,
    pub(crate) files: Option<Files<'a>>,
    pub(crate) last_applied: LastApplied,
    pub(crate) identity: Identity,
    pub(crate) snapshot: Arc<Snapshot>,
    pub(crate) standing: Standing,
    pub(crate) desired: Option<DesiredVersion>,
    pub(crate) connected: bool,
    pub(crate) listen: String,
    /// Everything up to this generation was acted on.
    pub(crate) acted: u64,
    pub(crate) epoch: Option<String>,
    pub(crate) seq: u64,
    pub(crate) reloads: u64,
    /// Until when the control plane wants no report.
    pub(crate) quiet_until: Option<Instant>,
    /// Longest wait of one poll, seconds.
    pub(crate) poll_wait: u64,
}

impl<'a> Follower<'a, '_> {
    /// Follows until the process is to end.
    pub(crate) fn run(&mut self, requests: &Receiver<Request>, supervisor: &mut Supervisor) {
        let (tell, news) = channel();
        let (reached, positions) = channel();
        std::thread::scope(|scope| {
            if let Some(managed) = &self.managed {
                let client = managed.patient_client();
                let (id, instance) = (
                    managed.gateway.id.to_string(),
                    self.identity.instance_id.clone(),
                );
                let (context, wait) = (self.context, self.poll_wait);
                scope.spawn(move || {
                    poll::run(&client, &id, &instance, wait, context, &tell, &positions)
                });
                self.go_on(&reached);
            }
            self.turn(&news, &reached, requests, supervisor);
            drop(reached);
        });
    }

    fn turn(
        &mut self,
        news: &Receiver<News>,
        reached: &Sender<Position>,
        requests: &Receiver<Request>,
        supervisor: &mut Supervisor,
    ) {
        let interval = Duration::from_secs(report::INTERVAL.into());
        let mut due = Instant::now();
        while self.context.cancelled().is_none() {
            if Instant::now() >= due {
                self.report(false);
                due = Instant::now() + interval;
            }
            supervisor.feed(self.pool, &self.snapshot);
            self.reload_if_asked();
            match requests.try_recv() {
                Ok(request) => self.administer(request),
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => {}
            }
            match news.recv_timeout(TICK) {
                Ok(News::Desired(answer)) => {
                    self.set_connected(true);
                    self.act(&answer);
                    self.report(false);
                    due = Instant::now() + interval;
                    self.go_on(reached);
                }
                Ok(News::Connected) => self.set_connected(true),
                Ok(News::Away(why)) => {
                    self.away(&why);
                }
                // Without a control plane the channel is closed: only the pause
                // is wanted.
                Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => std::thread::sleep(TICK),
                Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {}
            }
        }
    }

    fn go_on(&self, reached: &Sender<Position>) {
        let position = Position {
            epoch: self.epoch.clone(),
            index: self.acted,
        };
        // Fails only when the poll has ended, which the loop finds by itself.
        drop(reached.send(position));
    }

    /// Acts on what is desired.
    fn act(&mut self, answer: &DesiredResponse) {
        if answer.reset {
            self.acted = 0;
        }
        let force = Force::of(answer, self.acted);
        self.epoch = Some(answer.epoch.clone());
        self.desired.clone_from(&answer.desired);
        let version = answer.desired.as_ref().map(|d| d.version);
        self.standing.observed = Some(ObservedVersion {
            version,
            generation: answer.index,
        });
        let serves = answer.desired.as_ref().is_some_and(|d| {
            Some(d.version) == self.snapshot.version && d.sha256.to_string() == self.snapshot.sha256
        });
        if force == Force::Difference && serves {
            self.acknowledge(answer.index);
            return;
        }
        let work = match (force, &self.managed, &self.files) {
            (Force::Source, Some(managed), Some(files)) => {
                change::from_files(managed, files, answer.index).map(Some)
            }
            (_, Some(managed), _) => change::desired(managed, answer),
            _ => Ok(None),
        };
        match work {
            Ok(Some(work)) => {
                // A refusal has been written down where it can be seen.
                drop(self.apply(&work, ConfigSource::ControlPlane));
            }
            Ok(None) => self.acknowledge(answer.index),
            // The source is at fault: trying again cannot help before it changes.
            Err(error) if error.class == Class::Usage => {
                self.refuse(&BuildError::from(error), None, answer.index);
            }
            Err(error) => {
                // Not acted on: the next poll hands it out again.
                tracing::warn!("what is desired cannot be taken: {error}");
                self.away(&error.message);
                return;
            }
        }
        self.acted = self.acted.max(answer.index);
    }

    fn acknowledge(&mut self, generation: u64) {
        self.acted = self.acted.max(generation);
        self.standing.applied.generation = generation;
        self.standing.source = ConfigSource::ControlPlane;
        self.standing.rejection = None;
        self.show(None);
    }

    /// Builds and puts in force, or refuses.
    fn apply(&mut self, work: &Work, source: ConfigSource) -> Result<(), String> {
        match self.builder.build(&work.input) {
            Ok(snapshot) => {
                let sha256 = snapshot.sha256.clone();
                if !self.put_in_force(snapshot, source, work.generation) {
                    return Err("not every worker took the configuration".to_owned());
                }
                self.acted = self.acted.max(work.generation);
                self.say(&sha256, work.input.version);
                Ok(())
            }
            Err(error) => {
                self.refuse(&error, work.input.version, work.generation);
                Err(error.first().1)
            }
        }
    }

    fn say(&self, sha256: &str, version: Option<u64>) {
        let name = version.map_or_else(
            || "an unpublished configuration".to_owned(),
            |v| format!("version {v}"),
        );
        self.context.event(&Event {
            event: "applied".to_owned(),
            message: format!(
                "serving {name} (sha256 {})",
                sha256.get(..12).unwrap_or(sha256)
            ),
            data: json!({ "version": version, "sha256": sha256 }),
        });
    }

    /// SIGHUP: the source is taken again.
    fn reload_if_asked(&mut self) {
        let reloads = self.context.reload_count();
        if reloads != self.reloads {
            self.reloads = reloads;
            if let Err(why) = self.take_source_again() {
                tracing::warn!("the source cannot be taken again: {why}");
            }
            self.report(false);
        }
    }

    fn take_source_again(&mut self) -> Result<(), String> {
        let work = match (&self.managed, &self.files) {
            (Some(managed), Some(files)) => change::from_files(managed, files, self.acted),
            (None, Some(files)) => files.read().map(|input| Work {
                input,
                generation: 0,
            }),
            (Some(managed), None) => self.desired_or_own(managed),
            (None, None) => Ok(Work {
                input: self.own_input(),
                generation: self.acted,
            }),
        };
        let work = work.map_err(|error| error.to_string())?;
        let published = work.input.version.is_some();
        let source = if published {
            ConfigSource::ControlPlane
        } else {
            ConfigSource::File
        };
        self.apply(&work, source)
    }

    /// What is desired; while the control plane is away, what was taken from it.
    /// A local override is not the source.
    fn desired_or_own(&self, managed: &Managed<'_>) -> Result<Work, Error> {
        match change::current(managed, self.acted) {
            Err(error) if error.class == Class::Unavailable && self.snapshot.version.is_some() => {
                Ok(Work {
                    input: self.own_input(),
                    generation: self.acted,
                })
            }
            other => other,
        }
    }

    /// What serves, to be built again with its secrets resolved anew.
    fn own_input(&self) -> Input {
        let name = self.snapshot.document.pack.name.clone();
        Input {
            version: self.snapshot.version,
            sources: vec![Text::new(name, self.snapshot.content.clone())],
        }
    }

    /// A request on the administration socket.
    fn administer(&mut self, request: Request) {
        let outcome = match request.content {
            // A local override is served, never kept: it shows as drift until
            // it is reconciled.
            Some(content) => {
                let input = Input {
                    version: None,
                    sources: vec![Text::new("override", content)],
                };
                self.apply(
                    &Work {
                        input,
                        generation: self.acted,
                    },
                    ConfigSource::File,
                )
            }
            None => self.take_source_again(),
        };
        let state: Value =
            json!({ "version": self.snapshot.version, "sha256": self.snapshot.sha256 });
        let answer = match outcome {
            Ok(()) => Ok(json!({ "result": "applied", "serving": state })),
            Err(why) => Err(json!({ "result": "rejected", "reason": why, "serving": state })),
        };
        self.report(false);
        // The client may have gone, which changes nothing.
        drop(request.answer.send(answer));
    }

    /// Tells the control plane how this instance stands.
    pub(crate) fn report(&mut self, stopping: bool) {
        let applied = self.applied_with_disk();
        let Some(managed) = &self.managed else { return };
        // Each report says everything, so the next one makes up for this one.
        let quiet = self.quiet_until.is_some_and(|end| Instant::now() < end);
        if quiet && !stopping {
            return;
        }
        self.seq += 1;
        let standing = Standing {
            source: self.standing.source,
            observed: self.standing.observed.clone(),
            applied,
            rejection: self.standing.rejection.clone(),
        };
        let report = report::report(&self.identity, &standing, &self.listen, self.seq, stopping);
        let client = if stopping {
            managed.last_client()
        } else {
            managed.report_client()
        };
        match client.report_status(managed.gateway.id.as_str(), &report) {
            Ok(_) => self.set_connected(true),
            Err(error) if stopping => tracing::debug!("the last report was lost: {error}"),
            Err(error) => {
                let asked = error.retry_after.map(|s| asked_pause(Some(s)));
                self.quiet_until = asked.map(|pause| Instant::now() + pause);
                self.away(&error.detail);
            }
        }
    }

    fn away(&mut self, why: &str) {
        if self.context.cancelled().is_some() {
            // The call was cut off because the process ends.
            return;
        }
        if self.connected {
            tracing::warn!(
                "the control plane does not answer, and what was applied goes on serving: {why}"
            );
        }
        self.set_connected(false);
    }

    fn set_connected(&mut self, connected: bool) {
        if self.connected != connected {
            self.connected = connected;
            self.show(None);
        }
        self.shared.metrics.set_connected(connected);
    }

    /// When this instance began to serve what it serves.
    pub(crate) fn applied_at(&self) -> Timestamp {
        self.standing.applied.at
    }
}

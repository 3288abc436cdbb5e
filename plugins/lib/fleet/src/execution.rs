//! The execution of a plan.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use kt_control_api::{
    Client, GatewayId, Instance, ProviderTransport, RolloutOutcome, RolloutStatus,
};
use kt_plugin_api::{Cancel, Class, Context, Error, Event, Invocation, Output};
use serde::de::DeserializeOwned;
use serde_json::json;

use crate::options::MaxFailures;
use crate::output;
use crate::plan::{Plan, PlannedChange};
use crate::record::Record;
use crate::result::ItemResult;
use crate::waves::{WaveEnd, run_waves};

/// How long a request that was sent is waited for, also after Ctrl-C: its result belongs into the
/// record.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(30);
/// The wait of one long poll for a rollout, in seconds.
const POLL_SECONDS: u64 = 1;
/// How many changes are listed before they are confirmed.
const LISTED: usize = 20;

/// A plan that is shown, confirmed and executed, or continued.
#[derive(Debug)]
pub struct Execution<'a> {
    /// The command.
    pub invocation: &'a Invocation,
    /// The plan.
    pub plan: Plan,
    /// The number of gateways of a wave.
    pub max_parallel: usize,
    /// The failures after which no further wave begins.
    pub max_failures: MaxFailures,
    /// The record and the earlier results that are continued.
    pub resumed: Option<(Record, BTreeMap<GatewayId, ItemResult>)>,
}

/// What a change waits for.
#[derive(Debug, Clone, Copy)]
pub struct RolloutWait {
    /// The generation that instances must answer.
    pub generation: u64,
    /// The version; the wait also ends when another one becomes desired.
    pub version: Option<u64>,
    /// How long to wait; `None` does not wait at all.
    pub timeout: Option<Duration>,
}

/// The progress of an execution.
struct Progress {
    results: BTreeMap<GatewayId, ItemResult>,
    failures: usize,
    finished: usize,
    record_error: Option<std::io::Error>,
}

impl Execution<'_> {
    /// Returns what is done to each gateway.
    ///
    /// # Errors
    /// Class `usage` when the record has another form.
    pub fn request<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_value(self.plan.request.clone()).map_err(|error| {
            let message = "the record is not one of this command";
            Error::new(Class::Usage, "invalid-record", message).cause(error)
        })
    }

    /// Shows the plan, and returns it if it is only planned. Otherwise asks, and calls `apply` for
    /// each change, in waves.
    ///
    /// # Errors
    /// When the user declines, the record cannot be written, or the command was interrupted: what was
    /// done is then part of the error.
    pub fn run<'c>(
        mut self,
        context: &Context<'c>,
        client: &Client<ProviderTransport<'c>>,
        apply: impl Fn(&Client<ProviderTransport<'c>>, &PlannedChange) -> ItemResult + Sync,
    ) -> Result<Output, Error> {
        let earlier = self.resumed.take();
        let (record, results) = match earlier {
            Some((record, results)) => (Some(record), results),
            None => (None, BTreeMap::new()),
        };
        let is_open =
            |change: &&PlannedChange| results.get(&change.id).is_none_or(|one| !one.succeeded);
        let open: Vec<PlannedChange> = self.plan.changes().filter(is_open).cloned().collect();
        if self.invocation.dry_run {
            return Ok(output::planned(&self.plan));
        }
        if open.is_empty() {
            return Ok(output::finished(&self.plan, &results, record.as_ref()));
        }
        self.show_plan(context, &open);
        context.confirm(&format!(
            "{} {}?",
            self.plan.verb,
            output::gateways(open.len())
        ))?;
        let mut record = match record {
            Some(record) => record,
            None => Record::create(&self.invocation.dirs.state, &self.plan)?,
        };
        let mut progress = Progress {
            results,
            failures: 0,
            finished: 0,
            record_error: None,
        };
        let end = self.run_all(context, client, (&open, &mut record), &mut progress, apply);
        if let Err(error) = record.sync() {
            progress.record_error.get_or_insert(error);
        }
        if let Some(error) = &progress.record_error {
            context.warn(&format!(
                "the record `{}` cannot be written, and lacks results: {error}",
                record.path().display()
            ));
        }
        let result = output::finished(&self.plan, &progress.results, Some(&record));
        if let Some(Cancel::Interrupt | Cancel::Terminate) = context.cancelled() {
            return Err(self.interrupted(context, &open, &progress, &record));
        }
        Ok(match end {
            WaveEnd::Complete => result,
            WaveEnd::Stopped => result.note(format!(
                "stopped after {} failed; to continue: {}",
                output::gateways(progress.failures),
                self.resume_command(&record)
            )),
        })
    }

    fn run_all<'c>(
        &self,
        context: &Context<'c>,
        client: &Client<ProviderTransport<'c>>,
        (open, record): (&[PlannedChange], &mut Record),
        progress: &mut Progress,
        apply: impl Fn(&Client<ProviderTransport<'c>>, &PlannedChange) -> ItemResult + Sync,
    ) -> WaveEnd {
        // A request that was sent is not cut off by Ctrl-C, and no other one is sent then.
        let uncut = context.without_cancellation(REQUEST_TIMEOUT * 4);
        let work = |change: &PlannedChange| {
            let client = Client::new(client.transport().within(&uncut));
            context
                .cancelled()
                .is_none()
                .then(|| apply(&client, change))
        };
        let done = |result: Option<ItemResult>| {
            let Some(result) = result else {
                return ControlFlow::Break(());
            };
            progress.finished += 1;
            progress.failures += usize::from(!result.succeeded);
            if let Err(error) = record.append(&result) {
                progress.record_error.get_or_insert(error);
            }
            progress.results.insert(result.id.clone(), result);
            context.progress(&format!(
                "{} of {} done, {} failed …",
                progress.finished,
                output::gateways(open.len()),
                progress.failures
            ));
            let exceeded = self.max_failures.is_exceeded(progress.failures, open.len());
            if exceeded || context.cancelled().is_some() {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        match run_waves(open, self.max_parallel, work, done) {
            // The last wave may have stopped it, too, and nothing is left to continue.
            WaveEnd::Stopped if progress.finished == open.len() => WaveEnd::Complete,
            end => end,
        }
    }

    fn show_plan(&self, context: &Context<'_>, open: &[PlannedChange]) {
        if self.invocation.output.format == "json" {
            return;
        }
        let mut lines = vec![format!(
            "plan: {} {} of {} that `{}` selects, {} at a time",
            self.plan.verb,
            output::gateways(open.len()),
            self.plan.gateways.len(),
            self.plan.selector,
            self.max_parallel
        )];
        for change in open.iter().take(LISTED) {
            let what = change.change.as_deref().unwrap_or_default();
            let weakened = match change.weakened.as_slice() {
                [] => String::new(),
                guards => format!("; WEAKENS {}", guards.join(", ")),
            };
            lines.push(format!("  {}: {what}{weakened}", change.name));
        }
        if open.len() > LISTED {
            lines.push(format!("  and {} more", open.len() - LISTED));
        }
        context.event(&Event {
            event: "plan".to_owned(),
            message: lines.join("\n"),
            data: json!({"changes": open.len()}),
        });
    }

    fn resume_command(&self, record: &Record) -> String {
        format!(
            "kt gateway {} --resume {}",
            self.plan.verb,
            record.path().display()
        )
    }

    fn interrupted(
        &self,
        context: &Context<'_>,
        open: &[PlannedChange],
        progress: &Progress,
        record: &Record,
    ) -> Error {
        let class = match context.cancelled() {
            Some(Cancel::Terminate) => Class::Terminated,
            _ => Class::Interrupted,
        };
        let left = open.len() - progress.finished;
        let message = format!(
            "interrupted: {} of {} done, {} failed, {left} not begun",
            progress.finished - progress.failures,
            output::gateways(open.len()),
            progress.failures
        );
        Error::new(class, "interrupted", message)
            .hint(format!("to continue: {}", self.resume_command(record)))
            .data("done", progress.finished - progress.failures)
            .data("failed", progress.failures)
            .data("not_begun", left)
            .data("record", record.path().display().to_string())
    }
}

/// Waits until the instances of a gateway have answered a change, and returns what became of it.
pub fn wait_for_rollout(
    client: &Client<ProviderTransport<'_>>,
    context: &Context<'_>,
    (change, published): (&PlannedChange, ItemResult),
    wait: RolloutWait,
) -> ItemResult {
    let Some(timeout) = wait.timeout else {
        return published;
    };
    let deadline = Instant::now() + timeout;
    let id = change.id.as_str();
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let seconds = if left.is_zero() { 0 } else { POLL_SECONDS };
        let status = match client.rollout(id, wait.generation, wait.version, seconds) {
            Ok(status) => status,
            Err(error) => {
                let why = format!("it is published, but {}", error.detail);
                return ItemResult::failed(&change.id, &change.name, "unknown", why)
                    .version(published.version);
            }
        };
        let is_pending = status.outcome == RolloutOutcome::Pending;
        if !is_pending || left.is_zero() || context.cancelled().is_some() {
            return rollout_result(&status, published, wait.generation);
        }
    }
}

fn rollout_result(status: &RolloutStatus, published: ItemResult, generation: u64) -> ItemResult {
    let ItemResult {
        id, name, version, ..
    } = &published;
    let failed =
        |result: &str, why: String| ItemResult::failed(id, name, result, why).version(*version);
    match status.outcome {
        RolloutOutcome::Applied => published,
        RolloutOutcome::Offline => ItemResult {
            result: "pending".to_owned(),
            why: Some("no instance is running".to_owned()),
            ..published
        },
        RolloutOutcome::Rejected => {
            let rejections = status
                .gateway
                .live_instances()
                .filter_map(|one| one.rejection.as_ref());
            let mut newest = rejections.filter(|one| one.generation >= generation);
            let why = newest.next().map(|one| one.message.clone());
            failed("rejected", why.unwrap_or_default())
        }
        RolloutOutcome::Superseded => failed(
            "superseded",
            "another version became desired in the meantime".to_owned(),
        ),
        RolloutOutcome::Pending | RolloutOutcome::Unknown => {
            let is_waiting = |one: &&Instance| {
                let applied = one.applied.as_ref();
                applied.is_none_or(|applied| applied.generation < generation)
            };
            let waiting = status.gateway.live_instances().filter(is_waiting).count();
            let all = status.gateway.live_instances().count();
            let why = format!("{waiting} of {all} instances have not acknowledged it in time");
            failed("not-acknowledged", why)
        }
    }
}

//! Waits until every live instance has acknowledged a change, and reports the result.

use kt_control_api::{
    ActionResponse, Client, ConfigVersion, Gateway, Instance, ProviderTransport, Rejection,
    RolloutOutcome, RolloutStatus, Transport,
};
use kt_plugin_api::{Cancel, CellFormat, Class, Context, Error, Field, Output, View};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// The wait of one long poll, in seconds: the progress that is shown has the time.
const POLL_SECONDS: u64 = 1;
/// How long an interrupted command takes to find out what it did.
const STATUS_TIMEOUT: Duration = Duration::from_secs(2);

/// A change that was sent to the control plane.
#[derive(Debug)]
pub(crate) struct Change<'a> {
    /// The schema of the output.
    pub(crate) schema: &'a str,
    /// What was done, for messages: `reloaded`.
    pub(crate) verb: &'a str,
    /// Whether the change is superseded if another version becomes desired. This is not so if the
    /// gateway publishes its source by itself.
    pub(crate) can_be_superseded: bool,
    /// The version that was desired before, if there was one.
    pub(crate) previous: Option<u64>,
    /// The response of the control plane.
    pub(crate) response: ActionResponse,
}

/// Waits for the change; without a timeout (`--no-wait`) not at all.
///
/// # Errors
/// Class `rejected`, `superseded` or `unknown-effect`.
pub(crate) fn wait_for_rollout<'a>(
    client: &Client<ProviderTransport<'a>>,
    context: &Context<'a>,
    change: &Change<'_>,
    timeout: Option<Duration>,
) -> Result<Output, Error> {
    let Some(timeout) = timeout else {
        let output = result(change, &change.response.gateway, "published");
        return Ok(output.note("published; `kt gateway inspect` shows whether it is applied"));
    };
    let awaited = await_rollout(client, context, change, Instant::now() + timeout);
    if let (Err(cancelled), Some(Cancel::Interrupt | Cancel::Terminate)) =
        (context.check_cancelled(), context.cancelled())
    {
        let context = context.without_cancellation(STATUS_TIMEOUT);
        let client = Client::new(client.transport().within(&context));
        let latest = client.gateway(change.response.gateway.id.as_str());
        let gateway = latest.as_ref().unwrap_or(&change.response.gateway);
        return Err(interrupted_error(change, gateway, cancelled));
    }
    let (published, rollout) = awaited?;
    rollout_result(published.as_ref().unwrap_or(change), rollout, timeout)
}

/// Waits for the change, and for the one that an instance made of it.
fn await_rollout<'c, T: Transport>(
    client: &Client<T>,
    context: &Context<'_>,
    change: &Change<'c>,
    deadline: Instant,
) -> Result<(Option<Change<'c>>, RolloutStatus), Error> {
    let rollout = poll_rollout(client, context, change, deadline)?;
    match published_by_instance(client, change, &rollout)? {
        None => Ok((None, rollout)),
        Some(published) => {
            let rollout = poll_rollout(client, context, &published, deadline)?;
            Ok((Some(published), rollout))
        }
    }
}

/// Returns the change that an instance made when it read its source: it has published the source as
/// another version, which the other instances have to apply as well.
fn published_by_instance<'c, T: Transport>(
    client: &Client<T>,
    change: &Change<'c>,
    rollout: &RolloutStatus,
) -> Result<Option<Change<'c>>, Error> {
    let gateway = &rollout.gateway;
    if change.can_be_superseded || rollout.outcome != RolloutOutcome::Applied {
        return Ok(None);
    }
    let before = change.response.version.as_ref().map(|v| v.version);
    let Some(desired) = gateway.desired.as_ref().map(|d| d.version) else {
        return Ok(None);
    };
    if before == Some(desired) {
        return Ok(None);
    }
    let version = client.config_version(gateway.id.as_str(), desired)?;
    Ok(Some(Change {
        response: ActionResponse {
            gateway: gateway.clone(),
            unchanged: false,
            version: Some(version),
            generation: gateway.generation,
        },
        ..*change
    }))
}

fn poll_rollout<T: Transport>(
    client: &Client<T>,
    context: &Context<'_>,
    change: &Change<'_>,
    deadline: Instant,
) -> Result<RolloutStatus, Error> {
    let id = change.response.gateway.id.as_str();
    let version = change
        .response
        .version
        .as_ref()
        .filter(|_| change.can_be_superseded);
    let version = version.map(|v| v.version);
    let started = Instant::now();
    let mut progress = progress(change, &change.response.gateway);
    loop {
        context.check_cancelled()?;
        context.progress(&format!("{progress}, {} s …", started.elapsed().as_secs()));
        let remaining = deadline.saturating_duration_since(Instant::now());
        let seconds = remaining
            .as_millis()
            .div_ceil(1000)
            .min(u128::from(POLL_SECONDS));
        let wait = u64::try_from(seconds).unwrap_or(POLL_SECONDS);
        let rollout = client.rollout(id, change.response.generation, version, wait)?;
        if rollout.outcome != RolloutOutcome::Pending || remaining.is_zero() {
            return Ok(rollout);
        }
        progress = self::progress(change, &rollout.gateway);
    }
}

/// Returns how many instances have acknowledged a change.
fn progress(change: &Change<'_>, gateway: &Gateway) -> String {
    let (done, instances) = acknowledged(change, gateway);
    format!(
        "{done} of {instances} {} acknowledged",
        plural_of(instances)
    )
}

fn plural_of(instances: usize) -> &'static str {
    if instances == 1 {
        "instance"
    } else {
        "instances"
    }
}

/// Returns the number of live instances that have acknowledged a change, and of all.
fn acknowledged(change: &Change<'_>, gateway: &Gateway) -> (usize, usize) {
    let generation = change.response.generation;
    let is_done = |i: &&Instance| {
        let applied = i.applied.as_ref().map(|applied| applied.generation);
        let rejected = i.rejection.as_ref().map(|rejection| rejection.generation);
        applied.max(rejected) >= Some(generation)
    };
    let done = gateway.live_instances().filter(is_done).count();
    (done, gateway.live_instances().count())
}

/// Returns what was done before the interruption, and how to undo it.
fn interrupted_error(change: &Change<'_>, gateway: &Gateway, cancelled: Error) -> Error {
    let (done, instances) = acknowledged(change, gateway);
    let plural = plural_of(instances);
    let version = change.response.version.as_ref().map(|v| v.version);
    let published = version.filter(|_| !change.response.unchanged);
    let state = match (published, version) {
        (Some(version), _) => format!("version {version} is published"),
        (None, Some(version)) => format!("version {version} is still desired"),
        (None, None) => "the instances are asked to reload".to_owned(),
    };
    let name = &gateway.name;
    let error = Error::new(
        cancelled.class,
        cancelled.id.clone(),
        format!(
            "{}: {state}, {done} of {instances} {plural} acknowledged",
            cancelled.message
        ),
    )
    .data("version", version)
    .data("acknowledged", done)
    .data("instances", instances)
    .hint(format!(
        "`kt gateway inspect {name}` shows which instances applied it"
    ));
    match change.previous.filter(|_| published.is_some()) {
        Some(previous) => error.data("previous_version", previous).hint(format!(
            "undo: `kt gateway revert {name} --version {previous}`"
        )),
        None => error,
    }
}

fn rollout_result(
    change: &Change<'_>,
    rollout: RolloutStatus,
    timeout: Duration,
) -> Result<Output, Error> {
    let gateway = &rollout.gateway;
    match rollout.outcome {
        RolloutOutcome::Applied => Ok(result(change, gateway, applied_result(change))),
        RolloutOutcome::Rejected => Err(rejected_error(change, gateway)),
        RolloutOutcome::Offline => {
            let output = result(change, gateway, "pending").outcome(Class::Unavailable.name());
            Ok(output.note(format!(
                "no instance is running; `kt gateway run {}` applies it",
                gateway.name
            )))
        }
        RolloutOutcome::Superseded => {
            let desired = gateway.desired.as_ref().map_or(0, |d| d.version);
            Err(Error::new(
                Class::Superseded,
                "superseded",
                "another version became desired in the meantime",
            )
            .cause(format!("version {desired} is now desired"))
            .hint(format!(
                "`kt gateway inspect {}` shows the history",
                gateway.name
            ))
            .data("desired_version", desired))
        }
        RolloutOutcome::Pending | RolloutOutcome::Unknown => {
            Err(not_acknowledged_error(change, gateway, timeout))
        }
    }
}

fn applied_result(change: &Change<'_>) -> &'static str {
    if change.response.unchanged {
        "unchanged"
    } else {
        "applied"
    }
}

fn rejected_error(change: &Change<'_>, gateway: &Gateway) -> Error {
    let generation = change.response.generation;
    let rejection = gateway
        .live_instances()
        .filter_map(|i| i.rejection.as_ref())
        .find(|r| r.generation >= generation);
    let serving = gateway
        .live_instances()
        .find_map(|i| i.applied.as_ref())
        .and_then(|a| a.version);
    let message = rejection.map_or("the gateway gave no reason", |r| r.message.as_str());
    let mut error = Error::new(
        Class::Rejected,
        "rejected",
        format!("gateway `{}` rejected the configuration", gateway.name),
    )
    .cause(message)
    .hint(match serving {
        Some(version) => {
            format!("version {version} is still served; fix the file and reload again")
        }
        None => {
            "the previous configuration is still served; fix the file and reload again".to_owned()
        }
    })
    .data("serving_version", serving)
    .data("rejection", json!(rejection));
    if let Some(Rejection {
        file: Some(file),
        line: Some(line),
        column,
        ..
    }) = rejection
    {
        error = error.at(file.clone(), *line, column.unwrap_or(1));
    }
    error
}

fn not_acknowledged_error(change: &Change<'_>, gateway: &Gateway, timeout: Duration) -> Error {
    let generation = change.response.generation;
    let waiting: Vec<String> = gateway
        .live_instances()
        .filter(|i| i.applied.as_ref().is_none_or(|a| a.generation < generation))
        .map(|i| i.instance_id.to_string())
        .collect();
    Error::new(
        Class::UnknownEffect,
        "not-acknowledged",
        format!(
            "not every instance acknowledged the change within {}s",
            timeout.as_secs()
        ),
    )
    .cause(format!("no acknowledgment from {}", waiting.join(", ")))
    .hint(format!(
        "the change is published; `kt gateway inspect {}` shows which instances applied it",
        gateway.name
    ))
    .data("waiting_for", waiting)
}

/// Builds the output of a change.
pub(crate) fn result(change: &Change<'_>, gateway: &Gateway, result: &str) -> Output {
    let version = change.response.version.as_ref();
    let instances: Vec<Value> = gateway
        .live_instances()
        .map(|i| json!({ "instance_id": i.instance_id, "state": i.state, "applied": i.applied }))
        .collect();
    let value = json!({
        "id": gateway.id,
        "name": gateway.name,
        "result": result,
        "version": version.map(|v| v.version),
        "sha256": version.map(|v| v.sha256),
        "origin": version.map(|v| v.origin),
        "generation": change.response.generation,
        "etag": gateway.etag().to_string(),
        "instances": instances,
    });
    let view = View::Sections(vec![
        View::Message(message(change, gateway, version, result)),
        View::Fields(vec![
            Field::new("ID", "/id"),
            Field::new("Result", "/result").format(CellFormat::State),
            Field::new("Version", "/version"),
            Field::new("SHA-256", "/sha256").format(CellFormat::Hash),
        ]),
    ]);
    Output::new(change.schema, value, view).name_path("/version")
}

fn message(
    change: &Change<'_>,
    gateway: &Gateway,
    version: Option<&ConfigVersion>,
    result: &str,
) -> String {
    let version = version.map_or_else(
        || "no version".to_owned(),
        |v| format!("version {}", v.version),
    );
    let count = gateway.live_instances().count();
    let plural = plural_of(count);
    let (name, verb) = (&gateway.name, change.verb);
    match result {
        "applied" => format!("gateway `{name}` {verb}: {version} applied by {count} {plural}"),
        "unchanged" => format!("gateway `{name}` unchanged: {version} is already applied"),
        "pending" => format!("gateway `{name}`: {version} published, but not yet applied"),
        _ => format!("gateway `{name}`: {version} {result}"),
    }
}

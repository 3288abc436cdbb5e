//! Waits until every live instance has answered a change, and says how it ended.

use kt_control_api::{
    ActionResponse, Client, ConfigVersion, Gateway, Instance, Rejection, RolloutOutcome,
    RolloutStatus, Transport,
};
use kt_plugin_api::{CellFormat, Class, Context, Error, Field, Invocation, Output, View};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Longest single wait at the control plane, seconds; short enough that Ctrl-C
/// over HTTP is not felt as a hang.
const SLICE: u64 = 5;
/// When the manifest's default is missing.
const PATIENCE: Duration = Duration::from_secs(30);

/// What kind of change is being waited for.
pub(crate) struct Change<'a> {
    /// Schema of the result.
    pub(crate) schema: &'a str,
    /// What was done, for people: `reloaded`.
    pub(crate) done: &'a str,
    /// Another version becoming desired means that this change was superseded.
    /// Not so where the gateway itself publishes its source.
    pub(crate) pins: bool,
    pub(crate) answer: ActionResponse,
}

/// Waits for the change, unless `--no-wait`.
///
/// # Errors
/// Class `rejected`, `superseded` or `unknown-effect`.
pub(crate) fn follow<T: Transport>(
    client: &Client<T>,
    invocation: &Invocation,
    context: &Context<'_>,
    change: &Change<'_>,
) -> Result<Output, Error> {
    if invocation.args.flag("no-wait") {
        let output = result(change, &change.answer.gateway, "published");
        return Ok(output.note("published; `kt gateway inspect` shows when it is applied"));
    }
    let patience = invocation.args.duration("timeout").unwrap_or(PATIENCE);
    let rollout = wait(client, context, change, Instant::now() + patience)?;
    conclude(change, rollout, patience)
}

fn wait<T: Transport>(
    client: &Client<T>,
    context: &Context<'_>,
    change: &Change<'_>,
    deadline: Instant,
) -> Result<RolloutStatus, Error> {
    let id = change.answer.gateway.id.as_str();
    let pinned = change.answer.version.as_ref().filter(|_| change.pins);
    let version = pinned.map(|v| v.version);
    loop {
        context.check_cancelled()?;
        context.progress("waiting for the instances …");
        let left = deadline.saturating_duration_since(Instant::now());
        let seconds = left.as_millis().div_ceil(1000).min(u128::from(SLICE));
        let wait = u64::try_from(seconds).unwrap_or(SLICE);
        let rollout = client.rollout(id, change.answer.generation, version, wait)?;
        if rollout.outcome != RolloutOutcome::Pending || left.is_zero() {
            return Ok(rollout);
        }
    }
}

fn conclude(
    change: &Change<'_>,
    rollout: RolloutStatus,
    patience: Duration,
) -> Result<Output, Error> {
    let gateway = &rollout.gateway;
    match rollout.outcome {
        RolloutOutcome::Applied => Ok(result(change, gateway, applied_word(change))),
        RolloutOutcome::Rejected => Err(rejected(change, gateway)),
        RolloutOutcome::Offline => {
            let output = result(change, gateway, "pending").outcome(Class::Unavailable.name());
            Ok(output.note(format!(
                "no instance is running; `kt gateway run --id {}` applies it",
                gateway.name
            )))
        }
        RolloutOutcome::Superseded => {
            let desired = gateway.desired.as_ref().map_or(0, |d| d.version);
            Err(Error::new(
                Class::Superseded,
                "superseded",
                "a newer version became desired meanwhile",
            )
            .cause(format!("version {desired} is desired now"))
            .hint(format!(
                "`kt gateway inspect --id {}` shows the history",
                gateway.name
            ))
            .data("desired_version", desired))
        }
        RolloutOutcome::Pending | RolloutOutcome::Unknown => {
            Err(unanswered(change, gateway, patience))
        }
    }
}

fn applied_word(change: &Change<'_>) -> &'static str {
    if change.answer.unchanged {
        "unchanged"
    } else {
        "applied"
    }
}

fn live(gateway: &Gateway) -> impl Iterator<Item = &Instance> {
    gateway.instances.iter().filter(|i| i.live)
}

fn rejected(change: &Change<'_>, gateway: &Gateway) -> Error {
    let generation = change.answer.generation;
    let rejection = live(gateway)
        .filter_map(|i| i.rejection.as_ref())
        .find(|r| r.generation >= generation);
    let serving = live(gateway)
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
        Some(version) => format!("version {version} still serves; mend the file and reload again"),
        None => "what it served before still serves; mend the file and reload again".to_owned(),
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

fn unanswered(change: &Change<'_>, gateway: &Gateway, patience: Duration) -> Error {
    let generation = change.answer.generation;
    let waiting: Vec<String> = live(gateway)
        .filter(|i| i.applied.as_ref().is_none_or(|a| a.generation < generation))
        .map(|i| i.instance_id.to_string())
        .collect();
    Error::new(
        Class::UnknownEffect,
        "not-acknowledged",
        format!("not every instance answered within {}s", patience.as_secs()),
    )
    .cause(format!("no answer from {}", waiting.join(", ")))
    .hint(format!(
        "the change is published; `kt gateway inspect --id {}` shows who has it",
        gateway.name
    ))
    .data("waiting_for", waiting)
}

/// The result of a change.
pub(crate) fn result(change: &Change<'_>, gateway: &Gateway, word: &str) -> Output {
    let version = change.answer.version.as_ref();
    let instances: Vec<Value> = live(gateway)
        .map(|i| json!({ "instance_id": i.instance_id, "state": i.state, "applied": i.applied }))
        .collect();
    let value = json!({
        "id": gateway.id,
        "name": gateway.name,
        "result": word,
        "version": version.map(|v| v.version),
        "sha256": version.map(|v| v.sha256),
        "origin": version.map(|v| v.origin),
        "generation": change.answer.generation,
        "etag": gateway.etag().to_string(),
        "instances": instances,
    });
    let view = View::Sections(vec![
        View::Message(sentence(change, gateway, version, word)),
        View::Fields(vec![
            Field::new("ID", "/id"),
            Field::new("Result", "/result").format(CellFormat::State),
            Field::new("Version", "/version"),
            Field::new("SHA-256", "/sha256").format(CellFormat::Hash),
        ]),
    ]);
    Output::new(change.schema, value, view).name_path("/version")
}

fn sentence(
    change: &Change<'_>,
    gateway: &Gateway,
    version: Option<&ConfigVersion>,
    word: &str,
) -> String {
    let version = version.map_or_else(
        || "no version".to_owned(),
        |v| format!("version {}", v.version),
    );
    let count = live(gateway).count();
    let plural = if count == 1 { "instance" } else { "instances" };
    let (name, done) = (&gateway.name, change.done);
    match word {
        "applied" => format!("gateway `{name}` {done}: {version} applied by {count} {plural}"),
        "unchanged" => format!("gateway `{name}` unchanged: {version} was in force already"),
        "pending" => format!("gateway `{name}`: {version} published, not applied yet"),
        _ => format!("gateway `{name}`: {version} {word}"),
    }
}

//! Halting the gateways of this machine through their sockets, without a control plane.

use super::socket;
use kt_control_api::admin_sockets;
use kt_plugin_api::{CellFormat, Class, Column, Error, Invocation, Output, View};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// A gateway that runs on this machine.
pub(super) struct LocalGateway {
    /// Its id, or `local` for one without a control plane.
    key: String,
    name: String,
    socket: PathBuf,
}

/// A request to the sockets.
pub(super) struct LocalRequest<'a> {
    /// The schema of the output.
    pub(super) schema: &'a str,
    pub(super) path: &'a str,
    pub(super) body: Value,
    /// The result of gateways that were changed: `halted` or `unhalted`.
    pub(super) word: &'a str,
}

/// Returns the gateways that run on this machine.
pub(super) fn gateways(invocation: &Invocation) -> Vec<LocalGateway> {
    let sockets = admin_sockets(&invocation.dirs.runtime).into_iter();
    let mut found: Vec<LocalGateway> = sockets
        .map(|(key, socket)| LocalGateway {
            name: stored_name(&invocation.dirs.state, &key).unwrap_or_else(|| key.clone()),
            key,
            socket,
        })
        // The socket of a process that was killed remains.
        .filter(|one| std::os::unix::net::UnixStream::connect(&one.socket).is_ok())
        .collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

/// Returns the name that a gateway has stored with its last applied configuration.
fn stored_name(state_dir: &Path, key: &str) -> Option<String> {
    let file = state_dir
        .join("gateway")
        .join(key)
        .join("last-applied.json");
    let stored: Value = serde_json::from_slice(&std::fs::read(file).ok()?).ok()?;
    stored["name"].as_str().map(str::to_owned)
}

/// Selects gateways of this machine by id or name; without any, the only one.
///
/// # Errors
/// Class `not-found` when one does not run here, `usage` when none is named and there are several.
pub(super) fn choose(
    running: Vec<LocalGateway>,
    names: &[String],
    all: bool,
) -> Result<Vec<LocalGateway>, Error> {
    let missing = |message: String| {
        Error::new(Class::NotFound, "gateway-not-running", message)
            .hint("a gateway that is reached by its socket runs on this machine, as this user")
    };
    if running.is_empty() {
        return Err(missing("no gateway runs on this machine".to_owned()));
    }
    if names.is_empty() && !all && running.len() > 1 {
        let known: Vec<&str> = running.iter().map(|one| one.name.as_str()).collect();
        let message = "several gateways run on this machine, and none is named";
        return Err(Error::new(Class::Usage, "gateway-not-named", message)
            .cause(format!("they are {}", known.join(", ")))
            .hint("pass the name or ID of one, or `--all`"));
    }
    if names.is_empty() {
        return Ok(running);
    }
    let is_known = |name: &&String| running.iter().any(|one| one.is(name));
    if let Some(unknown) = names.iter().find(|name| !is_known(name)) {
        return Err(missing(format!(
            "gateway `{unknown}` does not run on this machine"
        )));
    }
    let is_named = |one: &LocalGateway| names.iter().any(|name| one.is(name));
    Ok(running.into_iter().filter(is_named).collect())
}

impl LocalGateway {
    fn is(&self, name: &str) -> bool {
        self.key == name || self.name == name
    }

    fn send(&self, request: &LocalRequest<'_>) -> Value {
        let answer = socket::post(&self.socket, request.path, &request.body.to_string());
        let (result, halt, why) = match answer {
            Err(reason) => ("failed", Value::Null, Some(reason)),
            Ok(answer) => {
                let still_halted = request.word == "unhalted" && answer["halted"] == true;
                let why = still_halted
                    .then(|| "its control plane has halted it, too, which remains".to_owned());
                (request.word, answer["halt"].clone(), why)
            }
        };
        json!({
            "id": self.key, "name": self.name, "result": result, "local": true, "halt": halt,
            "why": why,
        })
    }
}

/// Sends a request to each socket, and returns the results.
pub(super) fn send(gateways: &[LocalGateway], request: &LocalRequest<'_>) -> Output {
    let rows: Vec<Value> = gateways.iter().map(|one| one.send(request)).collect();
    let failed = rows.iter().filter(|row| row["result"] == "failed").count();
    let all = rows.len();
    let output = request.output(rows);
    match failed {
        0 => output,
        _ if failed == all => output.outcome(Class::Unavailable.name()),
        _ => output.outcome(Class::Negative.name()),
    }
}

/// Returns what would be sent.
pub(super) fn planned(gateways: &[LocalGateway], request: &LocalRequest<'_>) -> Output {
    let result = match request.word {
        "unhalted" => "would-unhalt",
        _ => "would-halt",
    };
    let row = |one: &LocalGateway| json!({"id": one.key, "name": one.name, "result": result, "local": true, "halt": null, "why": null});
    let rows = gateways.iter().map(row).collect();
    request.output(rows).note("nothing was changed")
}

impl LocalRequest<'_> {
    /// Returns the table of the results, of the sockets or of the control plane.
    pub(super) fn output(&self, rows: Vec<Value>) -> Output {
        let view = View::Table {
            rows: String::new(),
            columns: vec![
                Column::new("NAME", "/name"),
                Column::new("RESULT", "/result").format(CellFormat::State),
                Column::new("REASON", "/halt/reason"),
                Column::new("UNTIL", "/halt/until"),
                Column::new("WHY", "/why"),
                Column::new("ID", "/id").wide(),
            ],
            empty: String::new(),
        };
        Output::new(self.schema, Value::Array(rows), view).name_path("/id")
    }
}

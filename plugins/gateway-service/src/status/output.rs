//! The output of the status: `kt.gateway.status/1`, and its fields for display.

use super::inputs::{ConfigVersion, StatusInputs};
use super::report::{Problem, StatusReport};
use super::state::ServiceState;
use crate::context::describe_exit;
use crate::record::Record;
use jiff::Timestamp;
use kt_plugin_api::service::{Autostart, LastExit, ServiceName, ServiceStatus};
use kt_plugin_api::{CellFormat, Column, Field, Output, View};
use serde_json::{Value, json};
use std::path::PathBuf;

/// Formats the status.
pub(crate) fn output(inputs: &StatusInputs, report: &StatusReport) -> Output {
    let view = View::Sections(vec![View::Fields(fields()), problems(report)]);
    let output = Output::new("kt.gateway.status/1", value(inputs, report), view).name_path("/name");
    match report.state {
        ServiceState::Running => output,
        other => output.outcome(other.name()),
    }
}

/// Formats the status of several services. The outcome is that of the first one that is not
/// running.
pub(crate) fn list_output(services: &[(StatusInputs, StatusReport)]) -> Output {
    let rows: Vec<Value> = services
        .iter()
        .map(|(inputs, report)| {
            let codes: Vec<&str> = report.problems.iter().map(|p| p.code).collect();
            let mut row = value(inputs, report);
            row["problem_codes"] = json!(codes);
            row
        })
        .collect();
    let view = View::Table {
        rows: String::new(),
        columns: vec![
            Column::new("SERVICE", "/name"),
            Column::new("STATE", "/state").format(CellFormat::State),
            Column::new("GATEWAY", "/gateway/name"),
            Column::new("LISTEN", "/gateway/listen"),
            Column::new("APPLIED", "/config/applied/version"),
            Column::new("REBOOT", "/service/up_after_reboot"),
            Column::new("SINCE", "/service/since").format(CellFormat::Age),
            Column::new("PROBLEMS", "/problem_codes"),
            Column::new("PID", "/service/pid").wide(),
            Column::new("VERSION", "/gateway/version").wide(),
        ],
        empty: "no service is installed; `kt gateway install` installs one".to_owned(),
    };
    let output = Output::new("kt.gateway.status-list/1", Value::Array(rows), view);
    let output = output.name_path("/name");
    let states = services.iter().map(|(_, report)| report.state);
    match states.into_iter().find(|s| *s != ServiceState::Running) {
        Some(state) => output.outcome(state.name()),
        None if services.is_empty() => output.outcome(ServiceState::NotInstalled.name()),
        None => output,
    }
}

fn fields() -> Vec<Field> {
    vec![
        Field::new("Service", "/name"),
        Field::new("State", "/state").format(CellFormat::State),
        Field::new("Gateway", "/gateway/name"),
        Field::new("Gateway ID", "/gateway/id"),
        Field::new("Listens on", "/gateway/listen"),
        Field::new("Halted", "/gateway/halt/reason"),
        Field::new("Halted until", "/gateway/halt/until"),
        Field::new("Process", "/service/pid"),
        Field::new("Since", "/service/since").format(CellFormat::Age),
        Field::new("Restarts", "/service/restarts"),
        Field::new("Last exit", "/service/last_exit/summary"),
        Field::new("Starts at", "/service/autostart"),
        Field::new("Up after reboot", "/service/up_after_reboot"),
        Field::new("Sandbox", "/service/sandbox"),
        Field::new("Desired version", "/config/desired/version"),
        Field::new("Applied version", "/config/applied/version"),
        Field::new("Version", "/gateway/version"),
        Field::new("Supervisor", "/service/supervisor"),
        Field::new("File", "/artifact/path"),
        Field::new("File state", "/artifact/state").format(CellFormat::State),
    ]
}

/// Returns a table only if there are problems: an empty one would print a message.
fn problems(report: &StatusReport) -> View {
    if report.problems.is_empty() {
        return View::Sections(Vec::new());
    }
    View::Table {
        rows: "/problems".to_owned(),
        columns: vec![
            Column::new("PROBLEM", "/code"),
            Column::new("SEVERITY", "/severity"),
            Column::new("MESSAGE", "/message"),
            Column::new("FIX", "/fix"),
        ],
        empty: String::new(),
    }
}

fn value(inputs: &StatusInputs, report: &StatusReport) -> Value {
    json!({
        "schema": "kt.gateway.status/1",
        "name": inputs.name,
        "state": report.state,
        "exit": report.state.exit_code(),
        "service": service(inputs),
        "artifact": artifact(inputs),
        "binary": binary(inputs),
        "gateway": gateway(inputs),
        "config": config(inputs, report),
        "logs": inputs.record.as_ref().map(|r| json!({
            "command": "kt gateway logs",
            "file": log_dir(r).map(|dir| dir.join("log.jsonl")),
            "stderr_file": r.spec.stderr_file,
        })),
        "problems": report.problems.iter().map(|p| problem(p, inputs)).collect::<Vec<_>>(),
    })
}

/// Returns the directory in which the service keeps its log, from its command line.
fn log_dir(record: &Record) -> Option<PathBuf> {
    let mut words = record.spec.exec.iter();
    words.find(|word| *word == "--supervised")?;
    words.next().map(PathBuf::from)
}

/// Formats a problem, with a fix that can be copied for this service.
fn problem(problem: &Problem, inputs: &StatusInputs) -> Value {
    let mut value = json!(problem);
    if let (Some(fix), Some(record)) = (&problem.fix, &inputs.record) {
        value["fix"] = json!(for_service(fix, record));
    }
    value
}

fn for_service(fix: &str, record: &Record) -> String {
    let mut words = vec![fix.to_owned()];
    let default = record.spec.name.as_str() == ServiceName::DEFAULT;
    if fix == "kt gateway install" {
        words.push(record.gateway_id.clone());
        let options = [
            ("--listen", &record.listen),
            ("--admin-listen", &record.admin_listen),
        ];
        words.extend(
            options
                .iter()
                .filter_map(|(option, value)| Some(format!("{option} {}", value.as_ref()?))),
        );
        if record.allow_remote {
            words.push("--allow-remote-plaintext".to_owned());
        }
    }
    // Options cannot be appended to a list of commands, or to other text.
    if !default && fix.starts_with("kt gateway ") && !fix.contains(", ") {
        words.push(format!("--service-name {}", record.spec.name));
    }
    words.join(" ")
}

fn time(unix: Option<i64>) -> Option<String> {
    Timestamp::from_second(unix?).ok().map(|t| t.to_string())
}

fn service(inputs: &StatusInputs) -> Value {
    let backend = inputs.record.as_ref().map(|r| &r.backend);
    match &inputs.supervisor {
        Err(reason) => json!({
            "backend": backend, "known": false, "reason": reason.message,
        }),
        Ok(observed) => json!({
            "backend": backend,
            "known": true,
            "supervisor": observed.supervisor,
            "unit": observed.unit,
            "installed": inputs.record.is_some() && observed.installed != Some(false),
            "enabled": observed.enabled,
            "active_state": observed.active_state,
            "sub_state": observed.sub_state,
            "pid": observed.pid,
            "since": time(observed.since),
            "restarts": inputs.record.as_ref().and(observed.restarts),
            "last_exit": observed.last_exit.as_ref().map(last_exit),
            "autostart": inputs.record.as_ref().map(|_| autostart(observed)),
            "up_after_reboot": inputs.record.as_ref().and_then(|_| up_after_reboot(inputs, observed)),
            "linger": observed.linger,
            "masked": observed.masked,
            "orphaned": observed.orphaned,
            "sandbox": inputs.record.as_ref().map(|r| r.spec.sandbox),
            "parked": inputs.parked,
        }),
    }
}

fn autostart(observed: &ServiceStatus) -> &'static str {
    match observed.autostart {
        Some(Autostart::Boot) => "boot",
        Some(Autostart::Login) => "login",
        Some(Autostart::Never) => "never",
        None => "unknown",
    }
}

/// Returns whether the gateway starts at boot, without a login; `None` when unknown.
fn up_after_reboot(inputs: &StatusInputs, observed: &ServiceStatus) -> Option<bool> {
    if observed.masked || observed.orphaned || observed.installed == Some(false) {
        return Some(false);
    }
    // A parked service fails again after a reboot.
    let parked = inputs.parked.is_some() && observed.pid.is_none();
    Some(observed.autostart? == Autostart::Boot && !parked)
}

fn last_exit(last: &LastExit) -> Value {
    json!({
        "code": last.code,
        "signal": last.signal,
        "kind": last.kind,
        "at": time(last.exited_at),
        "description": last.description,
        "summary": describe_exit(last),
    })
}

fn artifact(inputs: &StatusInputs) -> Value {
    let observed = inputs.supervisor.as_ref().ok();
    match &inputs.artifact {
        None => Value::Null,
        Some(artifact) => json!({
            "path": artifact.path,
            "state": artifact.state,
            "sha256": artifact.sha256,
            "needs_daemon_reload": observed.map(|s| s.needs_reload),
            "drop_ins": observed.map(|s| &s.drop_in_paths),
        }),
    }
}

fn binary(inputs: &StatusInputs) -> Value {
    let Some(record) = &inputs.record else {
        return Value::Null;
    };
    let running = inputs
        .gateway
        .as_ref()
        .ok()
        .and_then(|g| g.text("/version"));
    json!({
        "path": record.spec.exec.first(),
        "running_version": running,
        "installed_version": record.kt_version,
        "replaced": inputs.process.replaced,
    })
}

fn gateway(inputs: &StatusInputs) -> Value {
    let Some(record) = &inputs.record else {
        return Value::Null;
    };
    let (id, name) = (&record.gateway_id, &record.gateway_name);
    match &inputs.gateway {
        Err(error) => json!({ "id": id, "name": name, "reachable": false, "reason": error }),
        Ok(instance) => json!({
            "id": id,
            "name": name,
            "reachable": true,
            "ready": instance.flag("/ready"),
            "live": instance.flag("/live"),
            "version": instance.text("/version"),
            "instance_id": instance.text("/instance_id"),
            "pid": instance.number("/pid"),
            "listen": instance.at("/listen"),
            "admin_listen": instance.at("/admin_listen"),
            "halt": instance.at("/halt"),
            "port_owner_is_service": inputs.process.owns_port,
            "uptime_s": instance.number("/uptime_s"),
            "in_flight": instance.number("/in_flight"),
            "control_plane_connected": instance.flag("/control_plane_connected"),
        }),
    }
}

fn config(inputs: &StatusInputs, report: &StatusReport) -> Value {
    let instance = inputs.gateway.as_ref().ok();
    let version = |v: &ConfigVersion| json!({ "version": v.version, "sha256": v.sha256 });
    json!({
        "desired": inputs.desired.as_ref().ok().and_then(Option::as_ref).map(version),
        "desired_error": inputs.desired.as_ref().err(),
        "applied": instance.and_then(|s| s.at("/config/applied")),
        "source": instance.and_then(|s| s.text("/config/source")),
        "in_sync": report.in_sync,
        "last_reload": instance.and_then(|s| s.at("/config/last_reload")),
    })
}

//! `kt.gateway.status/1`, and how a person sees it.

use super::layers::{Layers, Version};
use super::problem::{Problem, Report};
use super::verdict::Verdict;
use crate::record::Record;
use jiff::Timestamp;
use kt_plugin_api::service::{Autostart, LastExit, ServiceName, ServiceStatus};
use kt_plugin_api::{CellFormat, Column, Field, Output, View};
use serde_json::{Value, json};
use std::path::PathBuf;

/// The answer of `kt gateway status`.
pub(crate) fn output(layers: &Layers, report: &Report) -> Output {
    let view = View::Sections(vec![View::Fields(fields()), problems(report)]);
    let output = Output::new("kt.gateway.status/1", value(layers, report), view).name_path("/name");
    match report.verdict {
        Verdict::Running => output,
        other => output.outcome(other.name()),
    }
}

fn fields() -> Vec<Field> {
    vec![
        Field::new("Service", "/name"),
        Field::new("State", "/verdict").format(CellFormat::State),
        Field::new("Gateway", "/gateway/name"),
        Field::new("Gateway ID", "/gateway/id"),
        Field::new("Listens on", "/gateway/listen"),
        Field::new("Process", "/service/pid"),
        Field::new("Since", "/service/since").format(CellFormat::Age),
        Field::new("Restarts", "/service/restarts"),
        Field::new("Last end", "/service/last_exit/summary"),
        Field::new("Starts at", "/service/starts_at"),
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

/// A table only where there is something to show: an empty one would talk.
fn problems(report: &Report) -> View {
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

fn value(layers: &Layers, report: &Report) -> Value {
    json!({
        "schema": "kt.gateway.status/1",
        "name": layers.name,
        "verdict": report.verdict,
        "exit": report.verdict.exit(),
        "service": service(layers),
        "artifact": artifact(layers),
        "binary": binary(layers),
        "gateway": gateway(layers),
        "config": config(layers, report),
        "logs": layers.record.as_ref().map(|r| json!({
            "command": "kt gateway logs",
            "file": folder(r).map(|dir| dir.join("log.jsonl")),
            "stderr_file": r.spec.stderr_file,
        })),
        "problems": report.problems.iter().map(|p| problem(p, layers)).collect::<Vec<_>>(),
    })
}

/// The directory that the service was told to keep its log in.
fn folder(record: &Record) -> Option<PathBuf> {
    let mut words = record.spec.exec.iter();
    words.find(|word| *word == "--supervised")?;
    words.next().map(PathBuf::from)
}

/// A problem, with a cure that can be copied: for this very service.
fn problem(problem: &Problem, layers: &Layers) -> Value {
    let mut value = json!(problem);
    if let (Some(fix), Some(record)) = (&problem.fix, &layers.record) {
        value["fix"] = json!(for_service(fix, record));
    }
    value
}

fn for_service(fix: &str, record: &Record) -> String {
    let mut words = vec![fix.to_owned()];
    let default = record.spec.name.as_str() == ServiceName::DEFAULT;
    if fix == "kt gateway install" {
        words.push(format!("--id {}", record.gateway_id));
        let options = [
            ("--listen", &record.listen),
            ("--admin-listen", &record.admin_listen),
        ];
        words.extend(
            options
                .iter()
                .filter_map(|(option, value)| Some(format!("{option} {}", value.as_ref()?))),
        );
    }
    // Of several commands, and of what is no command, only a sentence can be
    // made.
    if !default && fix.starts_with("kt gateway ") && !fix.contains(", ") {
        words.push(format!("--service-name {}", record.spec.name));
    }
    words.join(" ")
}

fn time(unix: Option<i64>) -> Option<String> {
    Timestamp::from_second(unix?).ok().map(|t| t.to_string())
}

fn service(layers: &Layers) -> Value {
    let backend = layers.record.as_ref().map(|r| &r.backend);
    match &layers.supervisor {
        Err(reason) => json!({
            "backend": backend, "known": false, "reason": reason.message,
        }),
        Ok(seen) => json!({
            "backend": backend,
            "known": true,
            "supervisor": seen.supervisor,
            "unit": seen.unit,
            "installed": layers.record.is_some() && seen.installed != Some(false),
            "enabled": seen.enabled,
            "active": seen.active_state,
            "sub": seen.sub_state,
            "pid": seen.pid,
            "since": time(seen.since),
            "restarts": layers.record.as_ref().and(seen.restarts),
            "last_exit": seen.last_exit.as_ref().map(last_exit),
            "starts_at": layers.record.as_ref().map(|_| starts_at(seen)),
            "up_after_reboot": layers.record.as_ref().and_then(|_| up_after_reboot(layers, seen)),
            "linger": seen.linger,
            "masked": seen.masked,
            "orphan": seen.orphaned,
            "sandbox": layers.record.as_ref().map(|r| r.spec.sandbox),
            "parked": layers.parked,
        }),
    }
}

fn starts_at(observed: &ServiceStatus) -> &'static str {
    match observed.autostart {
        Some(Autostart::Boot) => "boot",
        Some(Autostart::Login) => "login",
        Some(Autostart::Never) => "never",
        None => "unknown",
    }
}

/// Whether the gateway is up once the machine is, without anybody logging in;
/// `None` when it cannot be told.
fn up_after_reboot(layers: &Layers, observed: &ServiceStatus) -> Option<bool> {
    if observed.masked || observed.orphaned || observed.installed == Some(false) {
        return Some(false);
    }
    // What cannot work now will not work then.
    let parked = layers.parked.is_some() && observed.pid.is_none();
    Some(observed.autostart? == Autostart::Boot && !parked)
}

fn last_exit(last: &LastExit) -> Value {
    json!({
        "code": last.code,
        "signal": last.signal,
        "class": last.kind,
        "at": time(last.exited_at),
        "meaning": last.description,
        "summary": crate::failure::describe(last),
    })
}

fn artifact(layers: &Layers) -> Value {
    let seen = layers.supervisor.as_ref().ok();
    match &layers.artifact {
        None => Value::Null,
        Some(artifact) => json!({
            "path": artifact.path,
            "state": artifact.state,
            "sha256": artifact.sha256,
            "needs_daemon_reload": seen.map(|s| s.needs_reload),
            "dropins": seen.map(|s| &s.drop_in_paths),
        }),
    }
}

fn binary(layers: &Layers) -> Value {
    let Some(record) = &layers.record else {
        return Value::Null;
    };
    let running = layers
        .gateway
        .as_ref()
        .ok()
        .and_then(|g| g.text("/version"));
    json!({
        "path": record.spec.exec.first(),
        "running_version": running,
        "installed_version": record.kt_version,
        "replaced": layers.process.replaced,
    })
}

fn gateway(layers: &Layers) -> Value {
    let Some(record) = &layers.record else {
        return Value::Null;
    };
    let (id, name) = (&record.gateway_id, &record.gateway_name);
    match &layers.gateway {
        Err(why) => json!({ "id": id, "name": name, "reachable": false, "reason": why }),
        Ok(seen) => json!({
            "id": id,
            "name": name,
            "reachable": true,
            "ready": seen.flag("/ready"),
            "live": seen.flag("/live"),
            "version": seen.text("/version"),
            "instance_id": seen.text("/instance_id"),
            "pid": seen.number("/pid"),
            "listen": seen.at("/listen"),
            "admin_listen": seen.at("/admin_listen"),
            "port_owner_is_service": layers.process.owns_port,
            "uptime_s": seen.number("/uptime_s"),
            "in_flight": seen.number("/in_flight"),
            "control_plane_connected": seen.flag("/control_plane_connected"),
        }),
    }
}

fn config(layers: &Layers, report: &Report) -> Value {
    let seen = layers.gateway.as_ref().ok();
    let wanted = |v: &Version| json!({ "version": v.version, "sha256": v.sha256 });
    json!({
        "desired": layers.desired.as_ref().ok().and_then(Option::as_ref).map(wanted),
        "desired_unknown_because": layers.desired.as_ref().err(),
        "applied": seen.and_then(|s| s.at("/config/applied")),
        "source": seen.and_then(|s| s.text("/config/source")),
        "in_sync": report.in_sync,
        "last_reload": seen.and_then(|s| s.at("/config/last_reload")),
    })
}

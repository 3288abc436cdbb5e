//! `kt doctor`: the host's checks, then those of every plugin that provides
//! `kt.doctor/1`.

use super::HostState;
use super::doctor_checks as checks;
use crate::services::Call;
use kt_plugin_api::{CellFormat, Class, Column, Error, Invocation, Output, View};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::Mutex;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The interface by which plugins add checks: method `check`, request an
/// invocation, answer an array of [`Check`].
const INTERFACE: &str = "kt.doctor/1";
/// A plugin's checks have this long.
const PATIENCE: Duration = Duration::from_secs(10);

/// One check and its outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Check {
    /// Stable name: `settings`.
    pub(super) name: String,
    /// `passed`, `warning` or `failed`.
    pub(super) state: String,
    /// What was found.
    pub(super) message: String,
    /// What to do about it.
    #[serde(default)]
    pub(super) remedy: Option<String>,
}

impl Check {
    pub(super) fn passed(name: &str, message: impl Into<String>) -> Self {
        Self::new(name, "passed", message.into(), None)
    }

    pub(super) fn warning(
        name: &str,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self::new(name, "warning", message.into(), Some(remedy.into()))
    }

    pub(super) fn failed(
        name: &str,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) -> Self {
        Self::new(name, "failed", message.into(), Some(remedy.into()))
    }

    fn new(name: &str, state: &str, message: String, remedy: Option<String>) -> Self {
        Self {
            name: name.to_owned(),
            state: state.to_owned(),
            message,
            remedy,
        }
    }

    pub(super) fn from_error(name: &str, error: &Error) -> Self {
        let remedy = error
            .hints
            .first()
            .cloned()
            .unwrap_or_else(|| "see the message".to_owned());
        let place = error
            .location
            .as_ref()
            .map(|l| format!(" ({}:{}:{})", l.file, l.line, l.column))
            .unwrap_or_default();
        Self::failed(name, format!("{error}{place}"), remedy)
    }
}

pub(super) fn run(state: &HostState<'_>) -> Output {
    let mut all = checks::host(state);
    all.extend(of_plugins(state));
    let failed = all.iter().filter(|c| c.state == "failed").count();
    let remedies: Vec<String> = all
        .iter()
        .filter_map(|c| Some(format!("{}: {}", c.name, c.remedy.as_ref()?)))
        .collect();
    let rows = serde_json::to_value(&all).unwrap_or_default();
    let view = View::Table {
        rows: String::new(),
        columns: vec![
            Column::new("CHECK", "/name"),
            Column::new("STATE", "/state").format(CellFormat::State),
            Column::new("FOUND", "/message"),
        ],
        empty: String::new(),
    };
    let mut output = Output::new("kt.doctor/1", rows, view).name_path("/name");
    output.notes = remedies;
    if failed > 0 {
        output.outcome(Class::Negative.name())
    } else {
        output
    }
}

fn of_plugins(state: &HostState<'_>) -> Vec<Check> {
    let mut found = Vec::new();
    for provider in state.providers.list(INTERFACE) {
        let name = format!("plugin {}", provider.plugin);
        match ask(state, &provider.name) {
            Ok(checks) => found.extend(checks),
            Err(error) => found.push(Check::from_error(&name, &error)),
        }
    }
    found
}

fn ask(state: &HostState<'_>, provider: &str) -> Result<Vec<Check>, Error> {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let deadline = u64::try_from((now + PATIENCE).as_millis()).unwrap_or(0);
    let call = Call {
        requests: None,
        deadline,
        providers: state.providers,
        streams: state.terminal,
        answer: Mutex::default(),
    };
    let layers = state.layers.as_ref().map_err(Clone::clone)?;
    let specs = state
        .registry
        .usable()
        .find(|(_, m)| {
            m.provides
                .iter()
                .any(|p| p.interface == INTERFACE && p.name == provider)
        })
        .map(|(_, m)| m.settings.clone())
        .unwrap_or_default();
    let none = std::collections::BTreeMap::new();
    let (settings, origins) = crate::settings::resolve(&specs, &none, state.env, layers);
    let invocation = Invocation {
        settings,
        origins,
        profile: layers.profile.as_ref().map(|p| p.name.clone()),
        dirs: state.dirs.clone(),
        cwd: state.env.cwd.clone(),
        host_version: env!("CARGO_PKG_VERSION").to_owned(),
        ..Invocation::default()
    };
    let answer: Value = call.ask_provider(INTERFACE, provider, "check", &json!(invocation))?;
    serde_json::from_value(answer).map_err(|e| {
        Error::new(
            Class::Plugin,
            "invalid-response",
            "its checks cannot be read",
        )
        .cause(e)
    })
}

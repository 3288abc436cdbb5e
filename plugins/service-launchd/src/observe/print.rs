//! Parses the output of `launchctl print` for one agent.

use super::exits;
use kt_plugin_api::service::{ActiveState, ExitKind, LastExit};
use std::collections::BTreeMap;

/// The parsed output.
pub(super) struct PrintOutput {
    /// The state as named by launchd; empty if there is none.
    pub(super) state: String,
    pub(super) pid: Option<u32>,
    pub(super) last_exit: Option<LastExit>,
    pub(super) properties: BTreeMap<String, String>,
}

pub(super) fn parse(text: &str) -> PrintOutput {
    let properties = fields(text);
    PrintOutput {
        state: properties.get("state").cloned().unwrap_or_default(),
        pid: properties.get("pid").and_then(|pid| pid.parse().ok()),
        last_exit: exits::last_exit(&properties),
        properties,
    }
}

impl PrintOutput {
    pub(super) fn active_state(&self) -> ActiveState {
        match self.state.as_str() {
            // After `bootout`; the process may have exited.
            "SIGTERMed" | "SIGKILLed" => ActiveState::Deactivating,
            // launchd has not yet executed the program.
            "xpcproxy" => ActiveState::Activating,
            // The first start, or one that was requested.
            "spawn scheduled" if !self.failed() => ActiveState::Activating,
            "spawn scheduled" => ActiveState::Restarting,
            "running" => ActiveState::Active,
            _ if self.pid.is_some() => ActiveState::Active,
            // launchd restarts it after a failure.
            _ if self.failed() => ActiveState::Restarting,
            // It was never started, or exited with 0: stopped or parked.
            _ => ActiveState::Inactive,
        }
    }

    fn failed(&self) -> bool {
        let kind = self.last_exit.as_ref().map(|exit| exit.kind);
        kind.is_some_and(|kind| kind != ExitKind::Clean)
    }
}

/// Returns the outermost `key = value` lines; nested blocks repeat names.
fn fields(text: &str) -> BTreeMap<String, String> {
    text.lines()
        .filter(|line| line.starts_with('\t') && !line.starts_with("\t\t"))
        .filter_map(|line| line.trim().split_once(" = "))
        .filter(|(_, value)| *value != "{")
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

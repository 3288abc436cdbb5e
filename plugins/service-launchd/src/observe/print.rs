//! The text of `launchctl print` for one agent.

use super::ends;
use kt_plugin_api::service::{ActiveState, ExitKind, LastExit};
use std::collections::BTreeMap;

/// What was found in the text.
pub(super) struct Printed {
    /// launchd's own word; empty when there is none.
    pub(super) state: String,
    pub(super) pid: Option<u32>,
    pub(super) last_exit: Option<LastExit>,
    pub(super) raw: BTreeMap<String, String>,
}

pub(super) fn read(text: &str) -> Printed {
    let raw = fields(text);
    Printed {
        state: raw.get("state").cloned().unwrap_or_default(),
        pid: raw.get("pid").and_then(|word| word.parse().ok()),
        last_exit: ends::last_exit(&raw),
        raw,
    }
}

impl Printed {
    pub(super) fn activity(&self) -> ActiveState {
        match self.state.as_str() {
            // After `bootout`; its process may be gone already.
            "SIGTERMed" | "SIGKILLed" => ActiveState::Deactivating,
            // launchd's trampoline, on its way to the program.
            "xpcproxy" => ActiveState::Activating,
            // The first start is on its way, or another one was asked for.
            "spawn scheduled" if !self.failed() => ActiveState::Activating,
            "spawn scheduled" => ActiveState::Restarting,
            "running" => ActiveState::Active,
            _ if self.pid.is_some() => ActiveState::Active,
            // It is kept alive after failures, so another start is on its way.
            _ if self.failed() => ActiveState::Restarting,
            // It was never started, or ended well: asked to, or parked.
            _ => ActiveState::Inactive,
        }
    }

    fn failed(&self) -> bool {
        let class = self.last_exit.as_ref().map(|end| end.kind);
        class.is_some_and(|class| class != ExitKind::Clean)
    }
}

/// The outermost `key = value` lines; inner blocks repeat names.
fn fields(text: &str) -> BTreeMap<String, String> {
    text.lines()
        .filter(|line| line.starts_with('\t') && !line.starts_with("\t\t"))
        .filter_map(|line| line.trim().split_once(" = "))
        .filter(|(_, value)| *value != "{")
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

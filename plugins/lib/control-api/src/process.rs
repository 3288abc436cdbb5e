//! Identifies a process, so that another one on the same machine can check whether it has ended.

use std::fs;

use serde::{Deserialize, Serialize};

/// The machine and the process. Every part may be unknown.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ProcessIdentity {
    /// Name of the machine, for display.
    #[serde(default)]
    pub host: Option<String>,
    /// Id of the machine's current boot.
    #[serde(default)]
    pub boot_id: Option<String>,
    /// The namespace of the process id: ids of a container are not valid outside of it.
    #[serde(default)]
    pub pid_namespace: Option<String>,
    /// Process id.
    #[serde(default)]
    pub pid: Option<u32>,
    /// Start of the process in clock ticks since boot, because process ids are reused.
    #[serde(default)]
    pub start_ticks: Option<u64>,
}

impl ProcessIdentity {
    /// Identifies the calling process, as far as the system reports it.
    #[must_use]
    pub fn current() -> Self {
        let pid = std::process::id();
        Self {
            host: read_line("/proc/sys/kernel/hostname"),
            boot_id: Self::current_boot_id(),
            pid_namespace: pid_namespace(),
            pid: Some(pid),
            start_ticks: process_state(pid).map(|(_, ticks)| ticks),
        }
    }

    /// Returns the id of the current boot of this machine: [`ProcessIdentity::is_known_gone`] is
    /// `false` for processes of others.
    #[must_use]
    pub fn current_boot_id() -> Option<String> {
        read_line("/proc/sys/kernel/random/boot_id")
    }

    /// Returns whether the process is known to have ended.
    ///
    /// `false` also means that this is unknown: another machine, another boot, another namespace of
    /// process ids, or a system without `/proc`.
    #[must_use]
    pub fn is_known_gone(&self) -> bool {
        let (Some(pid), Some(ticks)) = (self.pid, self.start_ticks) else {
            return false;
        };
        if !self.shares_process_ids() {
            return false;
        }
        match process_state(pid) {
            // A zombie serves nothing: it only waits for its parent to collect its status.
            Some((state, started)) => started != ticks || matches!(state, 'Z' | 'X'),
            None => true,
        }
    }

    fn shares_process_ids(&self) -> bool {
        let current = (Self::current_boot_id(), pid_namespace());
        current.0.is_some()
            && current.1.is_some()
            && current == (self.boot_id.clone(), self.pid_namespace.clone())
    }
}

fn read_line(path: &str) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    Some(text.trim().to_owned())
}

fn pid_namespace() -> Option<String> {
    Some(
        fs::read_link("/proc/self/ns/pid")
            .ok()?
            .to_str()?
            .to_owned(),
    )
}

/// State letter and start time of a process: fields 3 and 22 of `/proc/<pid>/stat` (proc(5)).
fn process_state(pid: u32) -> Option<(char, u64)> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // Field 2 is the name in parentheses and may itself hold blanks and parentheses.
    let mut fields = stat.get(stat.rfind(')')? + 1..)?.split_ascii_whitespace();
    let state = fields.next()?.chars().next()?;
    let started = fields.nth(18)?.parse().ok()?;
    Some((state, started))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn the_calling_process_has_not_ended() {
        let me = ProcessIdentity::current();
        assert!(me.start_ticks.is_some());
        assert!(!me.is_known_gone());
    }

    #[test]
    fn a_reused_process_id_is_another_process() {
        let mut other = ProcessIdentity::current();
        other.start_ticks = other.start_ticks.map(|ticks| ticks + 1);
        assert!(other.is_known_gone());
    }

    #[test]
    fn a_process_of_another_boot_or_namespace_is_not_known_to_have_ended() {
        let mut other = ProcessIdentity {
            start_ticks: Some(1),
            ..ProcessIdentity::current()
        };
        other.boot_id = Some("another".to_owned());
        assert!(!other.is_known_gone());
        let unknown = ProcessIdentity {
            pid: Some(1),
            ..ProcessIdentity::default()
        };
        assert!(!unknown.is_known_gone());
    }

    #[test]
    fn an_ended_child_is_recognized_before_it_is_collected() {
        let mut child = Command::new("cat")
            .stdin(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let (_, started) = process_state(child.id()).unwrap();
        let identity = ProcessIdentity {
            pid: Some(child.id()),
            start_ticks: Some(started),
            ..ProcessIdentity::current()
        };
        assert!(!identity.is_known_gone());
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(identity.is_known_gone());
    }
}

//! How the last process ended, as `launchctl print` tells it.

use kt_plugin_api::service::{ExitKind, LastExit};
use std::collections::BTreeMap;

/// What launchd's own trampoline ends with when it cannot start the program.
/// A gateway never does: it is told to park with 0.
const EX_CONFIG: i32 = 78;
/// Reasons of the system that keep the program from starting at all.
const NEVER_STARTED: [&str; 3] = ["OS_REASON_EXEC", "OS_REASON_DYLD", "OS_REASON_CODESIGNING"];
/// Names of macOS's signals by number, without `SIG`.
const SIGNALS: [&str; 31] = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "EMT", "FPE", "KILL", "BUS", "SEGV", "SYS",
    "PIPE", "ALRM", "TERM", "URG", "STOP", "TSTP", "CONT", "CHLD", "TTIN", "TTOU", "IO", "XCPU",
    "XFSZ", "VTALRM", "PROF", "WINCH", "INFO", "USR1", "USR2",
];

/// Reads the outermost fields. A signal or a reason stands instead of an exit
/// code, or beside one that no process has ended with.
pub(super) fn last_exit(fields: &BTreeMap<String, String>) -> Option<LastExit> {
    let field = |name: &str| fields.get(name).map(String::as_str);
    field("last terminating signal")
        .map(by_signal)
        .or_else(|| field("last exit reason").map(by_reason))
        .or_else(|| field("last exit code").and_then(by_code))
}

/// `Killed: 9`, or only the number.
fn by_signal(text: &str) -> LastExit {
    let number = text.rsplit(':').next().map(str::trim);
    let number: Option<usize> = number.and_then(|n| n.parse().ok());
    let name = number.and_then(|n| SIGNALS.get(n.checked_sub(1)?));
    LastExit {
        code: None,
        signal: name.map(|name| (*name).to_owned()),
        kind: ExitKind::Crash,
        exited_at: None,
        description: name.is_none().then(|| text.to_owned()),
    }
}

/// `OS_REASON_EXEC | Error -413 "No matching profile found"`.
fn by_reason(text: &str) -> LastExit {
    let word = text.split('|').next().unwrap_or_default().trim();
    LastExit {
        code: None,
        signal: None,
        kind: if NEVER_STARTED.contains(&word) {
            ExitKind::Setup
        } else {
            ExitKind::Crash
        },
        exited_at: None,
        description: Some(text.to_owned()),
    }
}

/// `0`, `78: EX_CONFIG` or `(never exited)`.
fn by_code(text: &str) -> Option<LastExit> {
    let code: i32 = text.split(':').next()?.trim().parse().ok()?;
    let (class, meaning) = match code {
        0 => (ExitKind::Clean, None),
        EX_CONFIG => (
            ExitKind::Setup,
            Some("launchd could not start the program".to_owned()),
        ),
        _ => (ExitKind::Crash, None),
    };
    Some(LastExit {
        code: Some(code),
        signal: None,
        kind: class,
        exited_at: None,
        description: meaning,
    })
}

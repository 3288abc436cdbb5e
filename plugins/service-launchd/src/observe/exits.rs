//! The exit of the last process in the output of `launchctl print`.

use kt_plugin_api::service::{ExitKind, LastExit};
use std::collections::BTreeMap;

/// The exit code of launchd if it cannot start the program. A gateway does not exit
/// with it under launchd: it parks with 0.
const EX_CONFIG: i32 = 78;
/// Exit reasons of programs that could not be started.
const START_FAILURES: [&str; 3] = ["OS_REASON_EXEC", "OS_REASON_DYLD", "OS_REASON_CODESIGNING"];
/// The signals of macOS by number, without `SIG`.
const SIGNALS: [&str; 31] = [
    "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "EMT", "FPE", "KILL", "BUS", "SEGV", "SYS",
    "PIPE", "ALRM", "TERM", "URG", "STOP", "TSTP", "CONT", "CHLD", "TTIN", "TTOU", "IO", "XCPU",
    "XFSZ", "VTALRM", "PROF", "WINCH", "INFO", "USR1", "USR2",
];

/// Evaluates the outermost fields. A signal or a reason replaces the exit code, or
/// has precedence over it.
pub(super) fn last_exit(fields: &BTreeMap<String, String>) -> Option<LastExit> {
    let field = |name: &str| fields.get(name).map(String::as_str);
    field("last terminating signal")
        .map(parse_signal)
        .or_else(|| field("last exit reason").map(parse_reason))
        .or_else(|| field("last exit code").and_then(parse_code))
}

/// Parses `Killed: 9`, or only the number.
fn parse_signal(text: &str) -> LastExit {
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

/// Parses `OS_REASON_EXEC | Error -413 "No matching profile found"`.
fn parse_reason(text: &str) -> LastExit {
    let reason = text.split('|').next().unwrap_or_default().trim();
    LastExit {
        code: None,
        signal: None,
        kind: if START_FAILURES.contains(&reason) {
            ExitKind::Setup
        } else {
            ExitKind::Crash
        },
        exited_at: None,
        description: Some(text.to_owned()),
    }
}

/// Parses `0`, `78: EX_CONFIG` or `(never exited)`.
fn parse_code(text: &str) -> Option<LastExit> {
    let code: i32 = text.split(':').next()?.trim().parse().ok()?;
    let (kind, description) = match code {
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
        kind,
        exited_at: None,
        description,
    })
}

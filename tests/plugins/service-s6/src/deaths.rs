//! How and when a service ended, as s6 keeps it.

use crate::script::NO_DIRECTORY;
use kt_plugin_api::service::{ExitKind, LastExit, ProbeOutcome};

/// From a label of TAI64 to Unix time, seconds: labels count from 2^62, and
/// atomic time has been 37 seconds ahead of UTC since 2017.
const TAI64_AHEAD: i64 = (1 << 62) + 37;

/// One end of the service, as s6 keeps it.
#[derive(Debug)]
pub(crate) struct Death {
    pub(crate) code: Option<i32>,
    signal: Option<String>,
    at: Option<i64>,
}

impl Death {
    /// The same for kt. `wanted`: nobody asked it to end.
    pub(crate) fn told(&self, parked: bool, wanted: bool) -> LastExit {
        LastExit {
            code: self.code,
            signal: self.signal.clone(),
            class: class(self, parked, wanted),
            at: self.at,
            meaning: self.code.and_then(meaning).map(str::to_owned),
        }
    }
}

/// Lines such as `@400000006b068aeb20df4a6e exitcode 78`, the last death last.
pub(crate) fn read(outcome: &ProbeOutcome) -> Vec<Death> {
    let ProbeOutcome::Exited {
        code: Some(0),
        stdout,
        ..
    } = outcome
    else {
        return Vec::new();
    };
    let death = |line: &str| {
        let mut words = line.split_ascii_whitespace();
        let (at, what, value) = (words.next()?, words.next()?, words.next()?);
        Some(Death {
            code: value.parse().ok().filter(|_| what == "exitcode"),
            signal: (what == "signal").then(|| value.trim_start_matches("SIG").to_owned()),
            at: unix(at),
        })
    };
    stdout.lines().filter_map(death).collect()
}

/// Unix seconds of a label.
pub(crate) fn unix(label: &str) -> Option<i64> {
    let seconds = label.strip_prefix('@')?.get(..16)?;
    i64::from_str_radix(seconds, 16)
        .ok()?
        .checked_sub(TAI64_AHEAD)
}

fn class(death: &Death, parked: bool, wanted: bool) -> ExitKind {
    match (death.code, death.signal.as_deref()) {
        _ if parked => ExitKind::Parked,
        (Some(0), _) => ExitKind::Clean,
        // s6 asked, and the program left the answer to the system.
        (None, Some("TERM")) if !wanted => ExitKind::Clean,
        (Some(code), _) if meaning(code).is_some() => ExitKind::Setup,
        _ => ExitKind::Crash,
    }
}

/// Exit codes of the run script, and of every shell.
fn meaning(code: i32) -> Option<&'static str> {
    Some(match code {
        NO_DIRECTORY => "the working directory cannot be entered",
        126 => "the executable cannot be run",
        127 => "the executable is missing",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::{read, unix};
    use kt_plugin_api::service::{ExitKind, ProbeOutcome};

    fn class(line: &str, parked: bool, wanted: bool) -> ExitKind {
        let seen = ProbeOutcome::Exited {
            code: Some(0),
            stdout: format!("@400000006b068aeb20df4a6e {line}\n"),
            stderr: String::new(),
        };
        read(&seen)[0].told(parked, wanted).class
    }

    #[test]
    fn a_label_is_a_time() {
        assert_eq!(unix("@400000006b068aeb1c795bbb"), Some(1_795_590_854));
        for bad in [
            "",
            "@",
            "@4000",
            "400000006b068aeb1c795bbb",
            "@zz00000000000000",
        ] {
            assert_eq!(unix(bad), None, "{bad}");
        }
    }

    #[test]
    fn ends_are_told_apart() {
        assert_eq!(class("exitcode 0", false, true), ExitKind::Clean);
        assert_eq!(class("exitcode 78", true, false), ExitKind::Parked);
        assert_eq!(class("exitcode 1", false, true), ExitKind::Crash);
        assert_eq!(class("exitcode 127", false, true), ExitKind::Setup);
        assert_eq!(class("signal SIGKILL", false, true), ExitKind::Crash);
        assert_eq!(class("signal SIGTERM", false, true), ExitKind::Crash);
        assert_eq!(class("signal SIGTERM", false, false), ExitKind::Clean);
    }

    #[test]
    fn what_cannot_be_read_is_nothing() {
        assert!(read(&ProbeOutcome::NotFound).is_empty());
        let seen = ProbeOutcome::Exited {
            code: Some(0),
            stdout: "@400000006b068aeb20df4a6e\n\nnonsense\n".to_owned(),
            stderr: String::new(),
        };
        assert!(read(&seen).is_empty());
    }
}

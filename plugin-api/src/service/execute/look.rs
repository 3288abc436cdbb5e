//! Makes probes.

use super::{Ran, Runner};
use crate::service::{Look, Probe, ProbeResult, Probes, Seen};
use std::io;
use std::path::Path;
use std::time::Duration;

/// Longest part of a file that a probe reads, bytes.
const READ_LIMIT: usize = 1 << 20;

/// Makes every probe. One that cannot be made is [`Seen::Unknown`]; nothing
/// fails.
pub fn look(runner: &dyn Runner, probes: &Probes) -> Vec<ProbeResult> {
    let one = |probe: &Probe| ProbeResult {
        id: probe.id.clone(),
        seen: seen(runner, &probe.look),
    };
    probes.probes.iter().map(one).collect()
}

fn seen(runner: &dyn Runner, look: &Look) -> Seen {
    match look {
        Look::Run {
            argv,
            env,
            timeout_ms,
        } => match runner.run(argv, env, Duration::from_millis(*timeout_ms)) {
            Ran::Ended {
                code,
                stdout,
                stderr,
            } => Seen::Ran {
                code,
                stdout,
                stderr,
            },
            Ran::TimedOut => Seen::Unknown(format!("no answer within {timeout_ms} ms")),
            Ran::Missing => Seen::Absent,
            Ran::Failed(why) => Seen::Unknown(why),
        },
        Look::Read(path) => read(runner.read(path), path),
        Look::Stat(path) => runner.stat(path),
        Look::List(path) => runner.list(path),
    }
}

fn read(bytes: io::Result<Option<Vec<u8>>>, path: &Path) -> Seen {
    match bytes {
        Ok(Some(bytes)) => {
            let part = bytes.get(..READ_LIMIT).unwrap_or(&bytes);
            Seen::Text(String::from_utf8_lossy(part).into_owned())
        }
        Ok(None) => Seen::Absent,
        Err(error) => Seen::Unknown(format!("{}: {error}", path.display())),
    }
}

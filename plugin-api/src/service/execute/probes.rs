//! Makes probes.

use super::{ExecOutcome, Runner};
use crate::service::{Probe, ProbeAction, ProbeOutcome, ProbeResult, Probes};
use std::io;
use std::path::Path;
use std::time::Duration;

/// Longest part of a file that a probe reads, bytes.
const READ_LIMIT: usize = 1 << 20;

/// Makes every probe. One that cannot be made is [`ProbeOutcome::Unknown`]; nothing
/// fails.
pub fn run_probes(runner: &dyn Runner, probes: &Probes) -> Vec<ProbeResult> {
    let one = |probe: &Probe| ProbeResult {
        id: probe.id.clone(),
        outcome: seen(runner, &probe.action),
    };
    probes.probes.iter().map(one).collect()
}

fn seen(runner: &dyn Runner, action: &ProbeAction) -> ProbeOutcome {
    match action {
        ProbeAction::Run {
            argv,
            env,
            timeout_ms,
        } => match runner.run(argv, env, Duration::from_millis(*timeout_ms)) {
            ExecOutcome::Exited {
                code,
                stdout,
                stderr,
            } => ProbeOutcome::Exited {
                code,
                stdout,
                stderr,
            },
            ExecOutcome::TimedOut => {
                ProbeOutcome::Unknown(format!("no answer within {timeout_ms} ms"))
            }
            ExecOutcome::NotFound => ProbeOutcome::NotFound,
            ExecOutcome::Failed(why) => ProbeOutcome::Unknown(why),
        },
        ProbeAction::Read(path) => read(runner.read(path), path),
        ProbeAction::Stat(path) => runner.stat(path),
        ProbeAction::List(path) => runner.list(path),
    }
}

fn read(bytes: io::Result<Option<Vec<u8>>>, path: &Path) -> ProbeOutcome {
    match bytes {
        Ok(Some(bytes)) => {
            let part = bytes.get(..READ_LIMIT).unwrap_or(&bytes);
            ProbeOutcome::Content(String::from_utf8_lossy(part).into_owned())
        }
        Ok(None) => ProbeOutcome::NotFound,
        Err(error) => ProbeOutcome::Unknown(format!("{}: {error}", path.display())),
    }
}

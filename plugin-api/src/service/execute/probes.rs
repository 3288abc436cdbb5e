//! Runs probes.

use super::{ExecOutcome, Runner};
use crate::service::{Probe, ProbeAction, ProbeOutcome, ProbeResult, Probes};
use std::io;
use std::path::Path;
use std::time::Duration;

/// Maximum number of bytes that a probe reads from a file.
const READ_LIMIT: usize = 1 << 20;

/// Runs all probes. The outcome of a probe that fails is [`ProbeOutcome::Unknown`].
pub fn run_probes(runner: &dyn Runner, probes: &Probes) -> Vec<ProbeResult> {
    let run = |probe: &Probe| ProbeResult {
        id: probe.id.clone(),
        outcome: run_probe(runner, &probe.action),
    };
    probes.probes.iter().map(run).collect()
}

fn run_probe(runner: &dyn Runner, action: &ProbeAction) -> ProbeOutcome {
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
                ProbeOutcome::Unknown(format!("timed out after {timeout_ms} ms"))
            }
            ExecOutcome::NotFound => ProbeOutcome::NotFound,
            ExecOutcome::Failed(message) => ProbeOutcome::Unknown(message),
        },
        ProbeAction::Read(path) => read(runner.read(path), path),
        ProbeAction::Stat(path) => runner.stat(path),
        ProbeAction::List(path) => runner.list(path),
    }
}

fn read(bytes: io::Result<Option<Vec<u8>>>, path: &Path) -> ProbeOutcome {
    match bytes {
        Ok(Some(bytes)) => {
            let start = bytes.get(..READ_LIMIT).unwrap_or(&bytes);
            ProbeOutcome::Content(String::from_utf8_lossy(start).into_owned())
        }
        Ok(None) => ProbeOutcome::NotFound,
        Err(error) => ProbeOutcome::Unknown(format!("{}: {error}", path.display())),
    }
}

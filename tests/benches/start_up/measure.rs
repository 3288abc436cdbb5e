//! Measures processes.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// Runs that are not measured: the first ones fill caches.
const WARM_UP: usize = 3;

/// A command to measure.
pub(crate) struct Program {
    name: String,
    command: Command,
}

impl Program {
    pub(crate) fn new(name: &str, mut command: Command) -> Self {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        Self {
            name: name.to_owned(),
            command,
        }
    }

    /// Returns the time from the start of the process until it is reaped.
    fn run(&mut self) -> Duration {
        let start = Instant::now();
        let status = self.command.status();
        let time = start.elapsed();
        let succeeded = status.is_ok_and(|status| status.success());
        assert!(succeeded, "`{}` failed", self.name);
        time
    }
}

/// Returns the minimum of the times of each program. Their runs alternate, so that all of them meet
/// the same load of the machine.
pub(crate) fn fastest(programs: &mut [Program], rounds: usize) -> Vec<Duration> {
    let mut fastest = vec![Duration::MAX; programs.len()];
    for round in 0..WARM_UP + rounds {
        for (program, fastest) in programs.iter_mut().zip(&mut fastest) {
            let time = program.run();
            if round >= WARM_UP {
                *fastest = time.min(*fastest);
            }
        }
    }
    fastest
}

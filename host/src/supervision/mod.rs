//! What a kt that a service manager runs leaves behind, in the directory that
//! `--supervised` names: its log, how often it crashed, and why it was parked.
//!
//! A failure that trying again cannot cure *parks*: the reason is written down
//! and the exit code tells the service manager not to start it again. One whose
//! manager knows no such codes is told `--park-exit 0`. Crashes are counted
//! here, because a limit of the service manager would also count the failures
//! of a long outage, which must never end in a permanent stop.

#![forbid(unsafe_code)]

mod crashes;
mod journal;
mod parked;

pub(crate) use journal::append as log_line;

use crate::environment::{self, Environment};
use crashes::Crashes;
use kt_plugin_api::{Class, Error};
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

/// `EX_CONFIG` of sysexits.h: the exit code of a service that crashed too often.
const CRASH_LOOP_EXIT: u8 = 78;

/// How a run of kt ended.
pub(crate) struct Ended {
    pub(crate) code: u8,
    /// Why, when it failed.
    pub(crate) error: Option<Error>,
}

impl Ended {
    /// The end of a run that failed.
    pub(crate) fn failed(code: u8, error: Error) -> Self {
        Self {
            code,
            error: Some(error),
        }
    }

    /// The end of a run that came to its end.
    pub(crate) fn with(code: u8) -> Self {
        Self { code, error: None }
    }
}

/// A run of kt under a service manager.
pub(crate) struct Supervised {
    dir: PathBuf,
    /// The exit code that keeps the service manager from starting it again, for
    /// one that does not know kt's own.
    park_exit: Option<u8>,
    /// The service manager keeps what is written to standard error.
    log_kept: bool,
}

/// Runs kt, as `work` does, with what a service manager needs around it.
pub(crate) fn run(env: &Environment, work: impl FnOnce() -> Ended) -> ExitCode {
    let Some(supervised) = Supervised::of(env) else {
        return ExitCode::from(work().code);
    };
    let code = match supervised.begin() {
        Ok(()) => supervised.end(work()),
        Err(error) => {
            let _echoed = log_line("error", "kt", &error.to_string(), None);
            supervised.park(&error, CRASH_LOOP_EXIT)
        }
    };
    ExitCode::from(code)
}

impl Supervised {
    /// Read before there is a command line to parse with: whatever goes wrong
    /// there must park too.
    fn of(env: &Environment) -> Option<Self> {
        let dir = crate::cli::early_option(env, "--supervised")?;
        let park_exit = crate::cli::early_option(env, "--park-exit");
        Some(Self {
            dir: env.cwd.join(dir),
            park_exit: park_exit.and_then(|code| code.to_str()?.parse().ok()),
            log_kept: env.var(environment::JOURNAL_STREAM).is_some(),
        })
    }

    /// # Errors
    /// The run must not begin: the ones before it crashed.
    fn begin(&self) -> Result<(), Error> {
        // Without its directory the service still works; only its log and
        // counts are missing.
        drop(
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&self.dir),
        );
        journal::open(&self.dir, self.log_kept);
        parked::forget(&self.dir);
        let mut crashes = Crashes::read(&self.dir);
        crashes.forget_before(now());
        if let Some(count) = crashes.too_many() {
            crashes.clear();
            crashes.write(&self.dir);
            return Err(Error::new(
                Class::Internal,
                "crash-loop",
                format!(
                    "the service crashed {count} times within {} minutes",
                    crashes::WINDOW_S / 60
                ),
            )
            .hint("`kt gateway logs` shows its log, `kt gateway start` tries again"));
        }
        crashes.note_start(now());
        crashes.write(&self.dir);
        Ok(())
    }

    fn end(&self, ended: Ended) -> u8 {
        let Some(error) = &ended.error else {
            self.orderly();
            return ended.code;
        };
        if error.data.contains_key("panic") {
            // A crash: it stays counted, and may be tried again.
            return Class::Internal.exit_code();
        }
        self.orderly();
        if error.class.is_permanent() {
            return self.park(error, ended.code);
        }
        ended.code
    }

    fn orderly(&self) {
        let mut crashes = Crashes::read(&self.dir);
        crashes.note_end();
        crashes.write(&self.dir);
    }

    fn park(&self, error: &Error, code: u8) -> u8 {
        parked::write(&self.dir, error, code);
        self.park_exit.unwrap_or(code)
    }
}

/// Unix seconds.
fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

/// Replaces a file of the directory. What cannot be kept is no reason not to
/// serve, so nothing fails.
fn put(dir: &Path, name: &str, bytes: &[u8]) {
    let fresh = dir.join(format!(".{name}.{}.new", std::process::id()));
    let written = std::fs::write(&fresh, bytes);
    drop(written.and_then(|()| std::fs::rename(&fresh, dir.join(name))));
}

#[cfg(test)]
mod tests;

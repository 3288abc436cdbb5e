//! A run of kt under a service manager, from its start to its exit code.

use super::crashes::{self, Crashes};
use super::{journal, log_line, parked};
use crate::environment::{self, Environment};
use kt_plugin_api::{Class, Error};
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
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
pub(super) struct Supervised {
    pub(super) dir: PathBuf,
    /// The exit code that keeps the service manager from starting it again, for
    /// one that does not know kt's own.
    pub(super) park_exit: Option<u8>,
    /// The service manager keeps what is written to standard error.
    pub(super) log_kept: bool,
}

/// Runs kt, as `work` does, with what a service manager needs around it. An
/// error that keeps it from running is logged and printed by `show`.
pub(crate) fn run(
    env: &Environment,
    work: impl FnOnce() -> Ended,
    show: impl FnOnce(&Error, u8),
) -> ExitCode {
    let Some(supervised) = Supervised::of(env) else {
        return ExitCode::from(work().code);
    };
    let code = match supervised.begin() {
        Ok(()) => supervised.end(work()),
        Err(error) => {
            if journal::echoed() {
                show(&error, CRASH_LOOP_EXIT);
            } else {
                let _echoed = log_line("error", &error.id, &error.to_string(), None);
            }
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
    pub(super) fn begin(&self) -> Result<(), Error> {
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

    pub(super) fn end(&self, ended: Ended) -> u8 {
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
pub(super) fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

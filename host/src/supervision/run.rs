//! A run of kt under a service manager, from the start to the exit code.

use super::crashes::{self, CrashHistory};
use super::parked;
use crate::environment::{self, Environment};
use crate::{logging, options};
use kt_plugin_api::{Class, Error};
use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

/// The exit code after too many crashes; `EX_CONFIG` of sysexits.h.
const CRASH_LOOP_EXIT: u8 = 78;

/// The outcome of a run of kt.
pub(crate) struct RunOutcome {
    pub(crate) code: u8,
    /// The error, if the run failed.
    pub(crate) error: Option<Error>,
}

impl RunOutcome {
    /// A failed run.
    pub(crate) fn failed(code: u8, error: Error) -> Self {
        Self {
            code,
            error: Some(error),
        }
    }

    /// A run without an error.
    pub(crate) fn completed(code: u8) -> Self {
        Self { code, error: None }
    }
}

/// A run of kt under a service manager.
pub(super) struct SupervisedRun {
    pub(super) dir: PathBuf,
    /// The exit code that prevents a restart, for service managers that do not
    /// recognize the exit codes of kt.
    pub(super) park_exit: Option<u8>,
    /// The service manager stores standard error.
    pub(super) stderr_is_stored: bool,
}

/// Calls `work`, with crash counting and parking if a service manager runs kt. An
/// error that prevents the call is logged and printed by `print_error`.
pub(crate) fn run(
    env: &Environment,
    work: impl FnOnce() -> RunOutcome,
    print_error: impl FnOnce(&Error, u8),
) -> ExitCode {
    let Some(supervised) = SupervisedRun::from_arguments(env) else {
        return ExitCode::from(work().code);
    };
    let code = match supervised.begin() {
        Ok(()) => supervised.end(work()),
        Err(error) => {
            if logging::writes_to_stderr() {
                print_error(&error, CRASH_LOOP_EXIT);
            } else {
                logging::append_to_file("error", &error.id, &error.to_string(), None);
            }
            supervised.park(&error, CRASH_LOOP_EXIT)
        }
    };
    ExitCode::from(code)
}

impl SupervisedRun {
    /// Reads the options before the command line is parsed, so that a parse error
    /// parks the service as well.
    fn from_arguments(env: &Environment) -> Option<Self> {
        let dir = options::early_value(env, "--supervised")?;
        let park_exit = options::early_value(env, "--park-exit");
        Some(Self {
            dir: env.cwd.join(dir),
            park_exit: park_exit.and_then(|code| code.to_str()?.parse().ok()),
            stderr_is_stored: env.var(environment::JOURNAL_STREAM).is_some(),
        })
    }

    /// # Errors
    /// If too many runs before this one crashed.
    pub(super) fn begin(&self) -> Result<(), Error> {
        // The service can run without the directory, which only provides the
        // log and the crash history.
        drop(
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(&self.dir),
        );
        logging::open_file(&self.dir, self.stderr_is_stored);
        parked::remove(&self.dir);
        let mut crashes = CrashHistory::read(&self.dir);
        crashes.remove_expired(now());
        if let Some(count) = crashes.over_limit() {
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
            .hint("run `kt gateway logs` to see the log, `kt gateway start` to start the service again"));
        }
        crashes.record_start(now());
        crashes.write(&self.dir);
        Ok(())
    }

    pub(super) fn end(&self, outcome: RunOutcome) -> u8 {
        let Some(error) = &outcome.error else {
            self.record_orderly_end();
            return outcome.code;
        };
        if error.data.contains_key("panic") {
            // A panic counts as a crash, and the service may be restarted.
            return Class::Internal.exit_code();
        }
        self.record_orderly_end();
        if error.class.is_permanent() {
            return self.park(error, outcome.code);
        }
        outcome.code
    }

    fn record_orderly_end(&self) {
        let mut crashes = CrashHistory::read(&self.dir);
        crashes.record_orderly_end();
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

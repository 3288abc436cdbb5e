//! The error of a step.

use crate::Error;
use std::fmt;

/// The reason why a step failed.
#[derive(Debug, Clone, PartialEq)]
pub enum StepError {
    /// The program exited with an unexpected code or output, or was terminated by
    /// a signal.
    Exited {
        /// Exit code; `None` if a signal terminated it.
        code: Option<i32>,
        /// Its standard error, or its standard output if that is empty.
        output: String,
    },
    /// The program timed out; its effect is unknown.
    TimedOut,
    /// The program does not exist.
    NotFound,
    /// A file could not be written or removed, or the program not be started.
    Failed(String),
    /// The caller cancelled the plan before the step.
    Cancelled(Error),
}

impl fmt::Display for StepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exited { code, output } => {
                match code {
                    Some(code) => write!(f, "exited with code {code}")?,
                    None => f.write_str("was terminated by a signal")?,
                }
                if output.is_empty() {
                    return Ok(());
                }
                write!(f, ": {output}")
            }
            Self::TimedOut => f.write_str("timed out"),
            Self::NotFound => f.write_str("not found"),
            Self::Failed(message) => f.write_str(message),
            Self::Cancelled(error) => write!(f, "{error}"),
        }
    }
}

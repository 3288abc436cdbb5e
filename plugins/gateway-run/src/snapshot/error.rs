//! Why a configuration cannot be activated.

use kt_plugin_api::{Class, Error};
use kt_policy::{Document, Problem, Problems};

/// Why a configuration cannot be activated.
#[derive(Debug)]
pub(crate) enum BuildError {
    /// Problems in the configuration.
    Problems(Problems),
    /// Any other error.
    Other(Diagnostic),
}

/// One error, with a stable code and its location if there is one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Diagnostic {
    pub(crate) code: String,
    pub(crate) message: String,
    /// The path of the setting, such as `providers.targets[0].base_url`.
    pub(crate) path: String,
    pub(crate) location: Option<Location>,
}

/// A location in a source.
#[derive(Debug, Clone)]
pub(crate) struct Location {
    pub(crate) file: String,
    pub(crate) line: u32,
    pub(crate) column: u32,
}

/// A source that cannot be read.
impl From<Error> for BuildError {
    fn from(error: Error) -> Self {
        Self::Other(Diagnostic {
            code: "source-unreadable".to_owned(),
            message: error.to_string(),
            ..Diagnostic::default()
        })
    }
}

impl From<Problems> for BuildError {
    fn from(problems: Problems) -> Self {
        Self::Problems(problems)
    }
}

impl BuildError {
    /// Returns an error at a setting of a configuration.
    pub(super) fn at(document: &Document, code: &str, message: String, path: String) -> Self {
        let location = document.location(&path).map(|at| Location {
            file: document.source_name(at).to_owned(),
            line: at.line,
            column: at.column,
        });
        Self::Other(Diagnostic {
            code: code.to_owned(),
            message,
            path,
            location,
        })
    }

    /// Converts to the error of a start that fails.
    pub(crate) fn into_error(self) -> Error {
        match self {
            Self::Problems(problems) => kt_policy_file::invalid_configuration(&problems),
            Self::Other(Diagnostic {
                code,
                message,
                location,
                ..
            }) => {
                let error = Error::new(Class::Usage, code, message);
                match location {
                    Some(at) => error.at(at.file, at.line, at.column),
                    None => error,
                }
            }
        }
    }

    /// Returns the first error, as it is reported to the control plane.
    pub(crate) fn first(&self) -> Diagnostic {
        match self {
            Self::Problems(problems) => problems.first().map(diagnostic).unwrap_or_default(),
            Self::Other(diagnostic) => diagnostic.clone(),
        }
    }
}

fn diagnostic(problem: &Problem) -> Diagnostic {
    Diagnostic {
        code: problem.code.to_owned(),
        message: problem.message.clone(),
        path: problem.path.clone(),
        location: (problem.line > 0).then(|| Location {
            file: problem.file.clone(),
            line: problem.line,
            column: problem.column,
        }),
    }
}

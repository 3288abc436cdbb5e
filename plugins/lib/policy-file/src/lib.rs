//! Reads `policy-config.yaml` files for commands, and converts their problems to errors. Parsing and
//! validation are in `kt-policy`, which does no I/O.

use std::path::Path;

use kt_plugin_api::{Class, Context, Error, Invocation, Location, ProblemItem};
use kt_policy::{Document, MAX_SOURCE_BYTES, Problem, Problems, Source};

/// A valid configuration.
#[derive(Debug, Clone)]
pub struct PolicyFile {
    /// The name of the file as in the arguments; several are joined by `, `.
    pub name: String,
    /// The sources, in order.
    pub sources: Vec<Source>,
    /// The document.
    pub document: Document,
}

impl PolicyFile {
    /// Returns the text to publish: the content of a single file unchanged, or the merged document of
    /// several layers.
    #[must_use]
    pub fn content(&self) -> String {
        self.document.content(&self.sources)
    }
}

/// Reads and validates files, later ones layered over earlier ones. `-` is standard input.
///
/// # Errors
/// Class `usage` if a file cannot be read, or with all problems of the configuration and their
/// locations.
pub fn read(
    invocation: &Invocation,
    context: &Context<'_>,
    files: &[impl AsRef<Path>],
) -> Result<PolicyFile, Error> {
    let sources = read_sources(invocation, context, files)?;
    let document =
        kt_policy::parse(&sources).map_err(|problems| invalid_configuration(&problems))?;
    Ok(PolicyFile {
        name: names(files).join(", "),
        sources,
        document,
    })
}

/// Reads files without validating them. `-` is standard input.
///
/// # Errors
/// As [`read_source`], of the first file that fails.
pub fn read_sources(
    invocation: &Invocation,
    context: &Context<'_>,
    files: &[impl AsRef<Path>],
) -> Result<Vec<Source>, Error> {
    let names = names(files);
    let read = |file: &String| read_source(invocation, context, file);
    names.iter().map(read).collect()
}

/// Returns the names of files as in the arguments, which are valid Unicode.
#[must_use]
pub fn names(files: &[impl AsRef<Path>]) -> Vec<String> {
    let name = |file: &Path| file.display().to_string();
    files.iter().map(|file| name(file.as_ref())).collect()
}

/// Reads a file without validating it, until the call is cancelled.
///
/// # Errors
/// Class `usage` if it cannot be read, is too large, or is not UTF-8; that of a cancellation.
pub fn read_source(
    invocation: &Invocation,
    context: &Context<'_>,
    file: &str,
) -> Result<Source, Error> {
    let name = if file == "-" { "<stdin>" } else { file };
    let input = if file == "-" {
        context.stdin()
    } else {
        let path = invocation.resolve_path(Path::new(file));
        let input = context.open_file(&path);
        let input = input.map_err(|e| unreadable(file, &e))?;
        if input.metadata().is_ok_and(|m| m.is_dir()) {
            return Err(unreadable(file, &"it is a directory"));
        }
        input
    };
    let limit = u64::try_from(MAX_SOURCE_BYTES).unwrap_or(u64::MAX);
    let bytes = input.read_all(limit).or_else(|error| {
        context.check_cancelled()?;
        Err(unreadable(name, &error))
    })?;
    String::from_utf8(bytes)
        .map(|text| Source::new(name, text))
        .map_err(|e| {
            let valid = e.utf8_error().valid_up_to();
            unreadable(name, &format!("byte {} is not valid UTF-8", valid + 1))
        })
}

fn unreadable(file: &str, cause: &dyn std::fmt::Display) -> Error {
    Error::new(
        Class::Usage,
        "unreadable-file",
        format!("cannot read `{file}`"),
    )
    .cause(cause)
}

/// Returns the error for an invalid configuration.
#[must_use]
pub fn invalid_configuration(problems: &Problems) -> Error {
    let count = problems.len();
    let plural = if count == 1 { "problem" } else { "problems" };
    Error::new(
        Class::Usage,
        "invalid-configuration",
        format!("the configuration has {count} {plural}"),
    )
    .problems(problems.iter().map(problem_item))
    .hint("nothing was changed; fix the problems and try again")
}

/// Converts a problem for the output of a command.
#[must_use]
pub fn problem_item(problem: &Problem) -> ProblemItem {
    ProblemItem {
        code: problem.code.to_owned(),
        message: problem.message.clone(),
        path: Some(problem.path.clone()).filter(|p| !p.is_empty()),
        location: (problem.line > 0).then(|| Location {
            file: problem.file.clone(),
            line: problem.line,
            column: problem.column,
        }),
        suggestion: problem.suggestion.clone().or_else(|| problem.help.clone()),
        snippet: Some(problem.to_string()),
    }
}

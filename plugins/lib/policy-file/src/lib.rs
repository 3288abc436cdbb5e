//! Reads `policy-config.yaml` files for commands, and shows their problems the
//! same way everywhere. The rules themselves are in `kt-policy`, which does no
//! input or output.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use kt_plugin_api::{Class, Error, Invocation, Location, ProblemItem};
use kt_policy::{Document, MAX_SOURCE_BYTES, Problem, Problems, Source};

/// A configuration that was read and found valid.
#[derive(Debug, Clone)]
pub struct PolicyFile {
    /// The file as the person named it; several are joined by `, `.
    pub name: String,
    /// The sources as they were read, in order.
    pub sources: Vec<Source>,
    /// Their meaning.
    pub document: Document,
}

impl PolicyFile {
    /// The text to publish: the file's own bytes, or, of several layers, the
    /// document that they make together.
    #[must_use]
    pub fn content(&self) -> String {
        self.document.content(&self.sources)
    }
}

/// Reads and checks files, the later layered over the earlier. `-` stands for
/// standard input.
///
/// # Errors
/// Class `usage`: a file cannot be read, or every problem of the configuration
/// with its place.
pub fn read(invocation: &Invocation, files: &[&str]) -> Result<PolicyFile, Error> {
    let sources = read_sources(invocation, files)?;
    let document = kt_policy::parse(&sources).map_err(|problems| invalid(&problems))?;
    Ok(PolicyFile {
        name: files.join(", "),
        sources,
        document,
    })
}

/// Reads files without checking them. `-` stands for standard input.
///
/// # Errors
/// As [`read_source`], of the first file that fails.
pub fn read_sources(invocation: &Invocation, files: &[&str]) -> Result<Vec<Source>, Error> {
    files.iter().map(|f| read_source(invocation, f)).collect()
}

/// Reads one file without checking it.
///
/// # Errors
/// Class `usage` when it cannot be read, is too large, or is not UTF-8.
pub fn read_source(invocation: &Invocation, file: &str) -> Result<Source, Error> {
    let bytes = if file == "-" {
        limited(std::io::stdin(), "<stdin>")?
    } else {
        let path = invocation.resolve_path(Path::new(file));
        let opened = File::open(&path).map_err(|e| unreadable(file, &e))?;
        if opened.metadata().is_ok_and(|m| m.is_dir()) {
            return Err(unreadable(file, &"it is a directory"));
        }
        limited(opened, file)?
    };
    let name = if file == "-" { "<stdin>" } else { file };
    String::from_utf8(bytes)
        .map(|text| Source::new(name, text))
        .map_err(|e| {
            let good = e.utf8_error().valid_up_to();
            unreadable(name, &format!("byte {} is not UTF-8", good + 1))
        })
}

fn limited(from: impl Read, name: &str) -> Result<Vec<u8>, Error> {
    let limit = u64::try_from(MAX_SOURCE_BYTES).unwrap_or(u64::MAX);
    let mut bytes = Vec::new();
    from.take(limit + 1)
        .read_to_end(&mut bytes)
        .map_err(|e| unreadable(name, &e))?;
    if bytes.len() > MAX_SOURCE_BYTES {
        return Err(unreadable(
            name,
            &format!("it is larger than {MAX_SOURCE_BYTES} bytes"),
        ));
    }
    Ok(bytes)
}

fn unreadable(file: &str, why: &dyn std::fmt::Display) -> Error {
    Error::new(
        Class::Usage,
        "unreadable-file",
        format!("cannot read `{file}`"),
    )
    .cause(why)
}

/// The error for a configuration with problems.
#[must_use]
pub fn invalid(problems: &Problems) -> Error {
    let count = problems.len();
    let plural = if count == 1 { "problem" } else { "problems" };
    Error::new(
        Class::Usage,
        "invalid-configuration",
        format!("the configuration has {count} {plural}"),
    )
    .problems(problems.iter().map(item))
    .hint("nothing was changed; mend the places shown and try again")
}

/// One problem as commands show it.
#[must_use]
pub fn item(problem: &Problem) -> ProblemItem {
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

//! Reads the test cases of a pack.

use kt_plugin_api::{Class, Context, Error, Invocation, ProblemItem};
use kt_policy::Case;
use std::path::Path;

/// The directory of the cases, in that of the pack.
const CASES_DIRECTORY: &str = "tests";
/// The extensions of the files of cases.
const EXTENSIONS: [&str; 3] = ["json", "yaml", "yml"];

/// Reads all cases of a pack, in the order of their file names.
///
/// # Errors
/// Class `usage` if there is no case, or with the problems of all of them.
pub(crate) fn read(
    invocation: &Invocation,
    context: &Context<'_>,
    pack: &Path,
) -> Result<Vec<Case>, Error> {
    let directory = pack.join(CASES_DIRECTORY);
    let mut cases = Vec::new();
    let mut problems: Vec<ProblemItem> = Vec::new();
    for name in file_names(invocation, &directory)? {
        let file = directory.join(name).display().to_string();
        let source = kt_policy_file::read_source(invocation, context, &file)?;
        match kt_policy::parse_case(&source) {
            Ok(case) => cases.push(case),
            Err(invalid) => problems.extend(invalid.iter().map(kt_policy_file::problem_item)),
        }
    }
    if !problems.is_empty() {
        return Err(invalid_cases_error(problems));
    }
    if cases.is_empty() {
        return Err(no_cases_error(&directory));
    }
    Ok(cases)
}

fn file_names(invocation: &Invocation, directory: &Path) -> Result<Vec<String>, Error> {
    let unreadable = |error: std::io::Error| {
        if error.kind() == std::io::ErrorKind::NotFound {
            return no_cases_error(directory);
        }
        let message = format!("cannot read the directory `{}`", directory.display());
        Error::new(Class::Usage, "unreadable-directory", message).cause(error)
    };
    let mut names = Vec::new();
    for entry in std::fs::read_dir(invocation.resolve_path(directory)).map_err(unreadable)? {
        let name = entry.map_err(unreadable)?.file_name();
        // A name that is not valid Unicode does not end in one of the extensions.
        names.extend(name.into_string().ok().filter(|name| is_case(name)));
    }
    names.sort();
    Ok(names)
}

/// Whether a name is that of a case. Editors create hidden files next to open ones.
fn is_case(name: &str) -> bool {
    let extension = Path::new(name).extension().and_then(|e| e.to_str());
    !name.starts_with('.') && extension.is_some_and(|e| EXTENSIONS.contains(&e))
}

fn no_cases_error(directory: &Path) -> Error {
    let message = format!("there is no case in `{}`", directory.display());
    Error::new(Class::Usage, "no-cases", message)
        .hint("create a case NAME.json or NAME.yaml there: {name, input, expected}")
}

fn invalid_cases_error(problems: Vec<ProblemItem>) -> Error {
    let s = if problems.len() == 1 { "" } else { "s" };
    let message = format!("the cases have {} problem{s}", problems.len());
    Error::new(Class::Usage, "invalid-cases", message)
        .problems(problems)
        .hint("nothing was tested; fix the problems and try again")
}

#[cfg(test)]
mod tests {
    use super::is_case;

    #[test]
    fn only_visible_json_and_yaml_files_are_cases() {
        for name in ["a.json", "b.yaml", "c.d.yml"] {
            assert!(is_case(name), "{name}");
        }
        for name in [".a.json", "a.json~", "README.md", "json", "a.JSON.bak"] {
            assert!(!is_case(name), "{name}");
        }
    }
}

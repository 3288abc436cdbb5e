//! Finds and reads the golden cases of a pack.

use kt_plugin_api::{Class, Error, Invocation, ProblemItem};
use kt_policy::Case;
use std::path::Path;

/// The folder of the cases, in that of the pack.
pub(crate) const FOLDER: &str = "tests";
/// What a case's file may be.
const ENDINGS: [&str; 3] = ["json", "yaml", "yml"];

/// Every case of a pack, in the order of their files' names.
///
/// # Errors
/// Class `usage`: there is none, or every problem of all of them.
pub(crate) fn read(invocation: &Invocation, pack: &Path) -> Result<Vec<Case>, Error> {
    let folder = pack.join(FOLDER);
    let mut cases = Vec::new();
    let mut problems: Vec<ProblemItem> = Vec::new();
    for name in names(invocation, &folder)? {
        let file = folder.join(name).display().to_string();
        let source = kt_policy_file::read_source(invocation, &file)?;
        match kt_policy::parse_case(&source) {
            Ok(case) => cases.push(case),
            Err(found) => problems.extend(found.iter().map(kt_policy_file::item)),
        }
    }
    if !problems.is_empty() {
        return Err(invalid(problems));
    }
    if cases.is_empty() {
        return Err(none(&folder));
    }
    Ok(cases)
}

fn names(invocation: &Invocation, folder: &Path) -> Result<Vec<String>, Error> {
    let unreadable = |why: std::io::Error| {
        if why.kind() == std::io::ErrorKind::NotFound {
            return none(folder);
        }
        let message = format!("cannot read the folder `{}`", folder.display());
        Error::new(Class::Usage, "unreadable-folder", message).cause(why)
    };
    let mut names = Vec::new();
    for entry in std::fs::read_dir(invocation.resolve_path(folder)).map_err(unreadable)? {
        let name = entry.map_err(unreadable)?.file_name();
        // What is no Unicode cannot end in one of the endings that we know.
        names.extend(name.into_string().ok().filter(|name| is_case(name)));
    }
    names.sort();
    Ok(names)
}

/// Editors leave hidden files beside those that they have open.
fn is_case(name: &str) -> bool {
    let ending = Path::new(name).extension().and_then(|e| e.to_str());
    !name.starts_with('.') && ending.is_some_and(|e| ENDINGS.contains(&e))
}

fn none(folder: &Path) -> Error {
    let message = format!("there is no case in `{}`", folder.display());
    Error::new(Class::Usage, "no-cases", message)
        .hint("a case is a file NAME.json or NAME.yaml there: {name, input, expected}")
}

fn invalid(problems: Vec<ProblemItem>) -> Error {
    let s = if problems.len() == 1 { "" } else { "s" };
    let message = format!("the cases have {} problem{s}", problems.len());
    Error::new(Class::Usage, "invalid-cases", message)
        .problems(problems)
        .hint("nothing was tested; mend the places shown and try again")
}

#[cfg(test)]
mod tests {
    use super::is_case;

    #[test]
    fn only_visible_json_and_yaml_is_a_case() {
        for name in ["a.json", "b.yaml", "c.d.yml"] {
            assert!(is_case(name), "{name}");
        }
        for name in [".a.json", "a.json~", "README.md", "json", "a.JSON.bak"] {
            assert!(!is_case(name), "{name}");
        }
    }
}

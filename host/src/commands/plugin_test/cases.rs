//! `plugin-test.toml`: the test cases of a plugin's author.

use kt_plugin_api::{Class, Error};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::Path;

/// The file beside the manifest.
const FILE: &str = "plugin-test.toml";

/// The content of the file.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseFile {
    #[serde(default, rename = "case")]
    cases: Vec<Case>,
}

/// A command line, and what is expected of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Case {
    /// What the case shows, such as `greets by name`.
    pub(super) name: String,
    /// The words after `kt`.
    pub(super) args: Vec<String>,
    /// Variables of the environment.
    #[serde(default)]
    pub(super) env: BTreeMap<String, String>,
    /// Standard input.
    #[serde(default)]
    pub(super) stdin: String,
    /// The exit code.
    #[serde(default)]
    pub(super) exit: i32,
    /// The id of the error.
    #[serde(default)]
    pub(super) error: Option<String>,
    /// What standard output contains with `-o table`.
    #[serde(default)]
    pub(super) stdout: Option<String>,
    /// Values of the result, by JSON pointer.
    #[serde(default)]
    pub(super) value: BTreeMap<String, toml::Value>,
    /// The case is interrupted by SIGTERM while it runs, and must end.
    #[serde(default)]
    pub(super) cancel: bool,
}

/// Reads the cases of the plugin in `dir`; none if it has no file.
///
/// # Errors
/// Class `usage` for an invalid file, with its location.
pub(super) fn read(dir: &Path) -> Result<Vec<Case>, Error> {
    let path = dir.join(FILE);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(invalid(&path, &error)),
    };
    let file: CaseFile = toml::from_str(&text).map_err(|e| invalid(&path, &e))?;
    Ok(file.cases)
}

fn invalid(path: &Path, error: &dyn std::fmt::Display) -> Error {
    let message = format!("`{}` cannot be used", path.display());
    Error::new(Class::Usage, "invalid-test-cases", message)
        .cause(error.to_string().trim_end())
        .hint("docs/plugins/authors.md describes its keys")
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn a_file_is_optional_and_its_keys_are_checked() {
        let dir = tempfile::tempdir().unwrap();
        assert!(read(dir.path()).unwrap().is_empty());
        let file = dir.path().join("plugin-test.toml");
        let case = "[[case]]\nname = \"a\"\nargs = [\"a\"]\nvalue = { \"/a\" = 1 }\n";
        std::fs::write(&file, case).unwrap();
        let cases = read(dir.path()).unwrap();
        assert_eq!((cases.len(), cases[0].exit), (1, 0));
        std::fs::write(&file, "[[case]]\nname = \"a\"\nargs = []\nexpect = 1\n").unwrap();
        let error = read(dir.path()).unwrap_err();
        assert!(
            error.to_string().contains("unknown field `expect`"),
            "{error}"
        );
    }
}

//! `plugin-test.toml`: the test cases of a plugin's author.

use kt_plugin_api::{Class, Error};
use serde::Deserialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The file beside the manifest.
const FILE: &str = "plugin-test.toml";

/// The name of the tables with command lines.
const COMMAND_CASES: &str = "case";

/// The content of the file.
#[derive(Debug, Default)]
pub(super) struct CaseFile {
    /// The cases of commands.
    pub(super) commands: Vec<Case>,
    /// Those of interfaces, by the id of the interface, whose tests know what they mean.
    pub(super) interfaces: BTreeMap<String, Vec<Value>>,
}

/// The part of the file about commands.
#[derive(Deserialize)]
struct CommandCases {
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

/// Reads the cases of the plugin in `dir`, which provides `interfaces`; none if it has no file.
///
/// # Errors
/// Class `usage` for an invalid file, with its location.
pub(super) fn read(dir: &Path, interfaces: &BTreeSet<&str>) -> Result<CaseFile, Error> {
    let path = dir.join(FILE);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Ok(CaseFile::default());
        }
        Err(error) => return Err(invalid(&path, &error)),
    };
    let commands: CommandCases = toml::from_str(&text).map_err(|e| invalid(&path, &e))?;
    let mut tables: BTreeMap<String, toml::Value> =
        toml::from_str(&text).map_err(|e| invalid(&path, &e))?;
    tables.remove(COMMAND_CASES);
    let mut file = CaseFile {
        commands: commands.cases,
        interfaces: BTreeMap::new(),
    };
    for (name, table) in tables {
        if !interfaces.contains(name.as_str()) {
            return Err(invalid(&path, &unknown_table(&name, interfaces)));
        }
        let cases = table.try_into::<Vec<Value>>();
        let cases = cases.map_err(|e| invalid(&path, &format!("`{name}`: {e}")))?;
        file.interfaces.insert(name, cases);
    }
    Ok(file)
}

fn unknown_table(name: &str, interfaces: &BTreeSet<&str>) -> String {
    let interfaces = interfaces.iter().map(|id| format!(", `[[\"{id}\"]]`"));
    let others: String = interfaces.collect();
    format!("unknown key `{name}`; expected `[[{COMMAND_CASES}]]`{others}")
}

fn invalid(path: &Path, error: &dyn std::fmt::Display) -> Error {
    let message = format!("`{}` cannot be used", path.display());
    Error::new(Class::Usage, "invalid-test-cases", message)
        .cause(error.to_string().trim_end())
        .hint("docs/plugins/authors.md describes its keys")
}

#[cfg(test)]
mod tests {
    use super::{BTreeSet, read};
    use serde_json::json;

    #[test]
    fn a_file_is_optional_and_its_keys_are_checked() {
        let dir = tempfile::tempdir().unwrap();
        let read = |dir| read(dir, &BTreeSet::new()).map(|file| file.commands);
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

    #[test]
    fn cases_of_interfaces_have_the_name_of_one_that_is_provided() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("plugin-test.toml");
        let provided = BTreeSet::from(["example/1"]);
        std::fs::write(&file, "[[\"example/1\"]]\na = { b = [1] }\n").unwrap();
        let cases = read(dir.path(), &provided).unwrap().interfaces;
        assert_eq!(cases["example/1"], [json!({ "a": { "b": [1] } })]);
        for (text, expected) in [
            ("[[example]]\na = 1\n", "unknown key `example`"),
            ("[[example]]\na = 1\n", "`[[case]]`, `[[\"example/1\"]]`"),
            ("\"example/1\" = 1\n", "`example/1`: "),
        ] {
            std::fs::write(&file, text).unwrap();
            let error = read(dir.path(), &provided).unwrap_err();
            assert!(error.to_string().contains(expected), "{error}");
        }
    }
}

//! Parses and validates a manifest.

use super::api_requirement::{host_api, incompatible, names_newer_minor};
use crate::options::RESERVED_NAMES;
use crate::position::line_and_column;
use crate::suggestion::closest_match;
use kt_plugin_api::manifest::{ArgSpec, ArgType, CommandSpec, Isolation, Manifest, PluginKind};
use kt_plugin_api::{Class, Error};
use semver::{Version, VersionReq};
use serde::Deserialize;
use std::ops::Range;
use std::path::Path;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The most unknown keys that are ignored. Each one costs a pass over the manifest, so
/// this keeps the cost linear in its size.
const MAX_UNKNOWN_KEYS: usize = 16;
/// The key of the command paths in the data of an error.
pub(crate) const COMMANDS: &str = "commands";

/// The keys that decide how all other keys are read.
#[derive(Deserialize)]
struct Envelope {
    manifest: Option<Spanned<toml::Value>>,
    api: Option<Spanned<String>>,
    name: Option<String>,
    command: Option<toml::Value>,
}

/// A manifest, and the keys in it that are ignored.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ParsedManifest {
    pub(super) manifest: Manifest,
    /// A message for each ignored key.
    pub(super) notes: Vec<String>,
}

/// Parses a manifest.
///
/// # Errors
/// Class `plugin` with file, line and column.
pub(super) fn parse(path: &Path, text: &str) -> Result<ParsedManifest, Error> {
    let file = ManifestText { path, text };
    let envelope: Envelope = toml::from_str(text).map_err(|e| file.syntax_error(&e))?;
    let parsed = file.check_envelope(&envelope).and_then(|newer| {
        let (manifest, notes) = file.deserialize(newer)?;
        validate(&manifest).map_err(|problem| file.invalid(&problem))?;
        Ok(ParsedManifest { manifest, notes })
    });
    parsed.map_err(|error| with_commands(error, &envelope))
}

/// Adds the paths of the commands to the error, so that they can fail with it.
fn with_commands(error: Error, envelope: &Envelope) -> Error {
    let commands = envelope.command.iter().filter_map(|c| c.as_array());
    let paths: Vec<Vec<&str>> = commands
        .flatten()
        .filter_map(|command| command.get("path")?.as_array())
        .map(|path| path.iter().filter_map(|word| word.as_str()).collect())
        .filter(|path: &Vec<&str>| !path.is_empty() && path.iter().all(|word| is_name(word)))
        .collect();
    error.data(COMMANDS, paths)
}

struct ManifestText<'a> {
    path: &'a Path,
    text: &'a str,
}

impl ManifestText<'_> {
    /// Checks the format and `api`. Returns whether the manifest is written for a newer
    /// minor version of the plugin API than that of this host.
    fn check_envelope(&self, envelope: &Envelope) -> Result<bool, Error> {
        let Some(api) = &envelope.api else {
            return Err(self
                .invalid("the key `api` is missing")
                .at(self.file(), 1, 1));
        };
        let requirement = VersionReq::parse(api.get_ref()).map_err(|e| {
            self.at(
                self.invalid(&format!("api `{}`: {e}", api.get_ref())),
                api.span(),
            )
        })?;
        if !requirement.matches(&host_api()) {
            let name = envelope.name.as_deref().unwrap_or("the plugin");
            return Err(self.at(incompatible(name, api.get_ref()), api.span()));
        }
        let format = envelope.manifest.as_ref();
        if let Some(format) = format.filter(|f| f.get_ref().as_integer() != Some(1)) {
            let number = format.get_ref().as_integer().map(|n| format!(" {n}"));
            let problem = format!(
                "unsupported manifest format{}; this version of kt supports 1",
                number.unwrap_or_default()
            );
            return Err(self.at(self.invalid(&problem), format.span()));
        }
        Ok(names_newer_minor(&requirement))
    }

    /// Deserializes the manifest. Unknown keys are removed from a newer one, one by one,
    /// because the types in `plugin-api` are the only list of the known keys.
    fn deserialize(&self, newer: bool) -> Result<(Manifest, Vec<String>), Error> {
        let mut unknown: Vec<Range<usize>> = Vec::new();
        loop {
            let mut table = DeTable::parse(self.text).map_err(|e| self.syntax_error(&e))?;
            for span in &unknown {
                remove_key(table.get_mut(), span);
            }
            let result = Manifest::deserialize(toml::Deserializer::from(table));
            let error = match result {
                Ok(manifest) => return Ok((manifest, self.notes(&unknown))),
                Err(error) => error,
            };
            let key = error.span().filter(|_| is_unknown_key(error.message()));
            match key {
                Some(span)
                    if newer && unknown.len() < MAX_UNKNOWN_KEYS && !unknown.contains(&span) =>
                {
                    unknown.push(span);
                }
                _ => return Err(self.syntax_error(&error)),
            }
        }
    }

    fn notes(&self, unknown: &[Range<usize>]) -> Vec<String> {
        let mut unknown = unknown.to_vec();
        unknown.sort_by_key(|span| span.start);
        let mut notes = Vec::new();
        for span in unknown {
            let (line, column) = line_and_column(self.text, span.start);
            let key = self.text.get(span).unwrap_or("?");
            notes.push(format!(
                "`{key}` at {}:{line}:{column} is ignored: it is a key of a newer plugin API",
                self.path.display()
            ));
        }
        notes
    }

    fn syntax_error(&self, error: &toml::de::Error) -> Error {
        let message = error.message();
        let problem = match suggestion(message) {
            Some((unknown, known)) => format!("unknown key `{unknown}`; did you mean `{known}`?"),
            None => message.replacen("unknown field", "unknown key", 1),
        };
        self.at(self.invalid(&problem), error.span().unwrap_or(0..0))
    }

    fn at(&self, error: Error, span: Range<usize>) -> Error {
        let (line, column) = line_and_column(self.text, span.start);
        error.at(self.file(), line, column)
    }

    fn file(&self) -> String {
        self.path.display().to_string()
    }

    fn invalid(&self, problem: &str) -> Error {
        Error::new(
            Class::Plugin,
            "invalid-manifest",
            format!("`{}` is not a valid manifest", self.path.display()),
        )
        .cause(problem)
        .hint("reinstall the plugin, or report the problem to its author")
    }
}

fn is_unknown_key(message: &str) -> bool {
    message.starts_with("unknown field")
}

/// Returns the unknown key, and the known key that is most similar to it. serde's
/// message is "unknown field `a`, expected one of `b`, `c`".
fn suggestion(message: &str) -> Option<(&str, &str)> {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let unknown = quoted.next().filter(|_| is_unknown_key(message))?;
    Some((unknown, closest_match(unknown, quoted)?))
}

/// Removes the key at this position of the file.
fn remove_key(table: &mut DeTable<'_>, span: &Range<usize>) -> bool {
    let found = table.keys().find(|key| key.span() == *span).cloned();
    if let Some(key) = found {
        return table.remove(&key).is_some();
    }
    table
        .iter_mut()
        .any(|(_, value)| remove_below(value.get_mut(), span))
}

fn remove_below(value: &mut DeValue<'_>, span: &Range<usize>) -> bool {
    match value {
        DeValue::Table(table) => remove_key(table, span),
        DeValue::Array(array) => array
            .iter_mut()
            .any(|item| remove_below(item.get_mut(), span)),
        _ => false,
    }
}

fn validate(m: &Manifest) -> Result<(), String> {
    if !is_name(&m.name) {
        return Err(format!(
            "`{}` is not a valid plugin name: use a-z, 0-9 and -",
            m.name
        ));
    }
    Version::parse(&m.version).map_err(|e| format!("version `{}`: {e}", m.version))?;
    validate_kind(m)?;
    for group in &m.groups {
        validate_heading(&group.path, group.heading.as_deref())?;
    }
    m.commands.iter().try_for_each(validate_command)
}

fn validate_kind(m: &Manifest) -> Result<(), String> {
    let is_file_name =
        |name: &str| !name.is_empty() && !name.contains(['/', '\0']) && !name.starts_with('.');
    match m.kind {
        PluginKind::Library => {
            if !is_file_name(&m.library) || m.library.contains("..") {
                return Err(format!("`{}` is not a valid library name", m.library));
            }
            if !m.executable.is_empty() {
                return Err("`executable` requires `kind = \"process\"`".to_owned());
            }
        }
        PluginKind::Process => {
            if !is_file_name(&m.executable) {
                return Err(format!("`{}` is not a valid file name", m.executable));
            }
            if !m.library.is_empty() {
                return Err("`library` requires `kind = \"library\"`".to_owned());
            }
            if m.isolation == Some(Isolation::InProcess) {
                return Err("a program cannot run in the process of kt".to_owned());
            }
        }
    }
    Ok(())
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

fn validate_command(command: &CommandSpec) -> Result<(), String> {
    let path = command.path.join(" ");
    if command.path.is_empty() || command.path.iter().any(|word| !is_name(word)) {
        return Err(format!("`{path}` is not a valid command path"));
    }
    validate_heading(&command.path, command.heading.as_deref())?;
    for arg in &command.args {
        if arg.kind == ArgType::Enum && arg.values.is_empty() {
            return Err(format!(
                "argument `{}` of `{path}` has no allowed values",
                arg.name
            ));
        }
        let reserved = |name: Option<&str>| name.is_some_and(|n| RESERVED_NAMES.contains(&n));
        if reserved(Some(arg.name.as_str())) || reserved(arg.long.as_deref()) {
            return Err(format!(
                "argument `{}` of `{path}` has the name of a global option",
                arg.name
            ));
        }
        if arg.positional && arg.long.is_none() && arg.short.is_none() {
            return Err(format!(
                "argument `{}` of `{path}` has `positional`, and no option",
                arg.name
            ));
        }
        let repeated = |get: fn(&ArgSpec) -> Option<String>| {
            let value = get(arg);
            value.is_some()
                && command
                    .args
                    .iter()
                    .filter(|other| get(other) == value)
                    .count()
                    > 1
        };
        if repeated(|a| Some(a.name.clone())) || repeated(|a| a.long.clone()) {
            return Err(format!(
                "argument `{}` of `{path}` is defined twice",
                arg.name
            ));
        }
        if let Some(unknown) = arg
            .conflicts
            .iter()
            .find(|c| !command.args.iter().any(|a| a.name == **c))
        {
            return Err(format!(
                "argument `{}` of `{path}` conflicts with the unknown argument `{unknown}`",
                arg.name
            ));
        }
    }
    Ok(())
}

/// A heading is printed to the terminal, so it must not contain control characters.
fn validate_heading(path: &[String], heading: Option<&str>) -> Result<(), String> {
    let valid = |text: &str| !text.trim().is_empty() && !text.contains(char::is_control);
    if heading.is_none_or(valid) {
        return Ok(());
    }
    let path = path.join(" ");
    Err(format!(
        "the heading of `{path}` is empty or contains control characters"
    ))
}

#[cfg(test)]
mod tests {
    use super::{ParsedManifest, parse};
    use kt_plugin_api::Error;
    use kt_plugin_api::manifest::{Isolation, PluginKind};
    use std::path::Path;

    const START: &str = "manifest = 1\nname = \"x\"\nversion = \"1.0.0\"\ndescription = \"d\"\n";

    fn with(rest: &str) -> Result<ParsedManifest, Error> {
        parse(Path::new("plugin.toml"), &format!("{START}{rest}"))
    }

    #[test]
    fn a_plugin_for_another_api_is_incompatible_before_its_keys_are_read() {
        for api in ["^1.1", "^2.0", ">=1.7", "~1.3"] {
            let rest = format!("future = true\nlibrary = 7\napi = \"{api}\"\n");
            let error = with(&rest).unwrap_err();
            assert_eq!(error.id, "plugin-incompatible", "{error:?}");
            let message = format!("x needs a kt with plugin API {api}, and this kt has 1.0");
            assert_eq!(error.message, message);
            let location = error.location.as_ref().unwrap();
            assert_eq!((location.line, location.column), (7, 7));
        }
    }

    #[test]
    fn an_unknown_key_is_refused_with_its_position_and_a_suggestion() {
        for (rest, line, column, known) in [
            ("api = \"^1.0\"\nlibary = \"x\"\n", 6, 1, "library"),
            (
                "api = \"^1.0\"\nlibrary = \"x\"\n[[command]]\npath = [\"x\"]\nabuot = \"y\"\n",
                9,
                1,
                "about",
            ),
            (
                "api = \"^1.0\"\nlibrary = \"x\"\nprovides = [{ interface = \"a/1\", nam = \"b\" }]\n",
                7,
                34,
                "name",
            ),
        ] {
            let error = with(rest).unwrap_err();
            assert_eq!(error.id, "invalid-manifest");
            let location = error.location.as_ref().unwrap();
            assert_eq!(
                (location.line, location.column),
                (line, column),
                "{error:?}"
            );
            let suggestion = format!("did you mean `{known}`?");
            assert!(error.causes[0].ends_with(&suggestion), "{error:?}");
        }
    }

    #[test]
    fn unknown_keys_of_a_newer_minor_are_ignored_and_noted() {
        let rest = "api = \">=1.0, <=1.1\"\nlibrary = \"x\"\nfuture = { a = 1 }\n[[command]]\npath = [\"x\"]\nabout = \"y\"\ncolor = \"red\"\n";
        let parsed = with(rest).unwrap();
        assert_eq!(parsed.manifest.commands.len(), 1);
        assert_eq!(parsed.notes.len(), 2, "{:?}", parsed.notes);
        assert!(parsed.notes[0].contains("`future` at plugin.toml:7:1"));
        assert!(parsed.notes[1].contains("`color` at plugin.toml:11:1"));
        // The same keys are errors in a manifest for the API of this host.
        assert!(with(&rest.replace(">=1.0, <=1.1", "^1.0")).is_err());
        // Known keys are still checked.
        let error = with(&rest.replace("about = \"y\"", "about = 1")).unwrap_err();
        assert!(error.causes[0].contains("expected a string"), "{error:?}");
    }

    #[test]
    fn many_unknown_keys_are_refused() {
        let many: String = (0..100).map(|i| format!("future{i} = 1\n")).collect();
        let rest = format!("api = \">=1.0, <=1.1\"\nlibrary = \"x\"\n{many}");
        assert!(with(&rest).is_err());
    }

    #[test]
    fn kind_and_isolation_are_validated() {
        let valid = with("api = \"^1.0\"\nlibrary = \"x\"\nisolation = \"process\"\n").unwrap();
        assert_eq!(valid.manifest.isolation, Some(Isolation::Process));
        let valid = with("api = \"^1.0\"\nkind = \"process\"\nexecutable = \"x.py\"\n").unwrap();
        assert_eq!(valid.manifest.kind, PluginKind::Process);
        assert_eq!(valid.manifest.code_file("linux"), "x.py");
        for (rest, problem) in [
            ("kind = \"process\"\n", "not a valid file name"),
            (
                "kind = \"process\"\nexecutable = \"../x\"\n",
                "not a valid file name",
            ),
            (
                "kind = \"process\"\nexecutable = \"x\"\nlibrary = \"x\"\n",
                "`library` requires",
            ),
            (
                "kind = \"process\"\nexecutable = \"x\"\nisolation = \"in-process\"\n",
                "cannot run in the process of kt",
            ),
            (
                "library = \"x\"\nexecutable = \"x\"\n",
                "`executable` requires",
            ),
            ("", "not a valid library name"),
            (
                "kind = \"module\"\nlibrary = \"x\"\n",
                "unknown variant `module`",
            ),
            (
                "library = \"x\"\nisolation = \"thread\"\n",
                "unknown variant `thread`",
            ),
        ] {
            let error = with(&format!("api = \"^1.0\"\n{rest}")).unwrap_err();
            assert!(error.to_string().contains(problem), "{rest}: {error}");
        }
    }
}

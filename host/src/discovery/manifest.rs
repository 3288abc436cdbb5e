//! Parses and validates a manifest.

use crate::options::RESERVED_NAMES;
use crate::position::line_and_column;
use kt_plugin_api::manifest::{ArgType, CommandSpec, Manifest};
use kt_plugin_api::{Class, Error, abi};
use std::path::Path;

/// Parses a manifest.
///
/// # Errors
/// Class `plugin` with file, line and column.
pub(super) fn parse(path: &Path, text: &str) -> Result<Manifest, Error> {
    let manifest: Manifest = toml::from_str(text).map_err(|e| {
        let (line, column) = e
            .span()
            .map_or((1, 1), |span| line_and_column(text, span.start));
        invalid(path, e.message()).at(path.display().to_string(), line, column)
    })?;
    validate(&manifest).map_err(|problem| invalid(path, &problem))?;
    Ok(manifest)
}

fn invalid(path: &Path, problem: &str) -> Error {
    Error::new(
        Class::Plugin,
        "invalid-manifest",
        format!("`{}` is not a valid manifest", path.display()),
    )
    .cause(problem)
    .hint("reinstall the plugin, or report the problem to its author")
}

fn validate(m: &Manifest) -> Result<(), String> {
    if m.manifest != 1 {
        return Err(format!(
            "unsupported manifest format {}; this version of kt supports 1",
            m.manifest
        ));
    }
    if !is_name(&m.name) {
        return Err(format!(
            "`{}` is not a valid plugin name: use a-z, 0-9 and -",
            m.name
        ));
    }
    semver::Version::parse(&m.version).map_err(|e| format!("version `{}`: {e}", m.version))?;
    let api = semver::VersionReq::parse(&m.api).map_err(|e| format!("api `{}`: {e}", m.api))?;
    let host = semver::Version::new(abi::ABI_MAJOR.into(), abi::ABI_MINOR.into(), 0);
    if !api.matches(&host) {
        return Err(format!(
            "it requires plugin API {}, and this version of kt provides {host}",
            m.api
        ));
    }
    if m.library.is_empty() || m.library.contains(['/', '\0']) || m.library.contains("..") {
        return Err(format!("`{}` is not a valid library name", m.library));
    }
    for group in &m.groups {
        validate_heading(&group.path, group.heading.as_deref())?;
    }
    m.commands.iter().try_for_each(validate_command)
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
        let repeated = |get: fn(&kt_plugin_api::manifest::ArgSpec) -> Option<String>| {
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

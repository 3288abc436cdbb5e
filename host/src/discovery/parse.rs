//! Reads and checks one manifest.

use crate::cli;
use kt_plugin_api::manifest::{ArgType, CommandSpec, Manifest};
use kt_plugin_api::{Class, Error, abi};
use std::path::Path;

/// Parses a manifest.
///
/// # Errors
/// Class `plugin` with file, line and column.
pub(crate) fn parse(path: &Path, text: &str) -> Result<Manifest, Error> {
    let manifest: Manifest = toml::from_str(text).map_err(|e| {
        let (line, column) = e.span().map_or((1, 1), |span| place(text, span.start));
        bad(path, e.message()).at(path.display().to_string(), line, column)
    })?;
    check(&manifest).map_err(|problem| bad(path, &problem))?;
    Ok(manifest)
}

/// Line and column (in characters), from 1, of a byte offset.
pub(crate) fn place(text: &str, offset: usize) -> (u32, u32) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before
        .rsplit('\n')
        .next()
        .unwrap_or_default()
        .chars()
        .count()
        + 1;
    (
        u32::try_from(line).unwrap_or(u32::MAX),
        u32::try_from(column).unwrap_or(u32::MAX),
    )
}

fn bad(path: &Path, problem: &str) -> Error {
    Error::new(
        Class::Plugin,
        "bad-manifest",
        format!("`{}` is not a valid manifest", path.display()),
    )
    .cause(problem)
    .hint("reinstall the plugin, or tell its author")
}

fn check(m: &Manifest) -> Result<(), String> {
    if m.manifest != 1 {
        return Err(format!(
            "manifest format {} is not known; this kt reads 1",
            m.manifest
        ));
    }
    if !is_name(&m.name) {
        return Err(format!(
            "`{}` is no plugin name: use a-z, 0-9 and -",
            m.name
        ));
    }
    semver::Version::parse(&m.version).map_err(|e| format!("version `{}`: {e}", m.version))?;
    let api = semver::VersionReq::parse(&m.api).map_err(|e| format!("api `{}`: {e}", m.api))?;
    let own = semver::Version::new(abi::ABI_MAJOR.into(), abi::ABI_MINOR.into(), 0);
    if !api.matches(&own) {
        return Err(format!(
            "it needs plugin API {}, and this kt offers {own}",
            m.api
        ));
    }
    if m.library.is_empty() || m.library.contains(['/', '\0']) || m.library.contains("..") {
        return Err(format!("`{}` is no library name", m.library));
    }
    m.commands.iter().try_for_each(check_command)
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

fn check_command(command: &CommandSpec) -> Result<(), String> {
    let path = command.path.join(" ");
    if command.path.is_empty() || command.path.iter().any(|word| !is_name(word)) {
        return Err(format!("`{path}` is no command path"));
    }
    for arg in &command.args {
        if arg.kind == ArgType::Enum && arg.values.is_empty() {
            return Err(format!(
                "argument `{}` of `{path}` allows no value",
                arg.name
            ));
        }
        let own = |word: Option<&str>| word.is_some_and(|w| cli::NAMES.contains(&w));
        if own(Some(arg.name.as_str())) || own(arg.long.as_deref()) {
            return Err(format!(
                "argument `{}` of `{path}` has the name of an option that every command has",
                arg.name
            ));
        }
        let repeated = |get: fn(&kt_plugin_api::manifest::ArgSpec) -> Option<String>| {
            let own = get(arg);
            own.is_some()
                && command
                    .args
                    .iter()
                    .filter(|other| get(other) == own)
                    .count()
                    > 1
        };
        if repeated(|a| Some(a.name.clone())) || repeated(|a| a.long.clone()) {
            return Err(format!("argument `{}` of `{path}` stands twice", arg.name));
        }
        if let Some(unknown) = arg
            .conflicts
            .iter()
            .find(|c| !command.args.iter().any(|a| a.name == **c))
        {
            return Err(format!(
                "argument `{}` of `{path}` conflicts with unknown `{unknown}`",
                arg.name
            ));
        }
    }
    Ok(())
}

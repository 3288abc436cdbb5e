//! The name of a new plugin.

use super::templates::Language;
use crate::cli::{self, CommandSelection};
use crate::discovery::PluginManifest;
use crate::discovery::Registry;
use kt_plugin_api::{Class, Error};

/// The longest name: it is the name of a directory and of a group of commands.
const MAX_NAME: usize = 32;
/// Any width: the help is not printed.
const WIDTH: usize = 100;

/// Names of packages that cargo does not accept: the strict and reserved keywords of the
/// Rust reference, and the crate that the package depends on.
const NOT_A_PACKAGE: [&str; 53] = [
    "abstract",
    "as",
    "async",
    "await",
    "become",
    "box",
    "break",
    "const",
    "continue",
    "crate",
    "do",
    "dyn",
    "else",
    "enum",
    "extern",
    "false",
    "final",
    "fn",
    "for",
    "gen",
    "if",
    "impl",
    "in",
    "kt-plugin-api",
    "let",
    "loop",
    "macro",
    "match",
    "mod",
    "move",
    "mut",
    "override",
    "priv",
    "pub",
    "ref",
    "return",
    "self",
    "serde-json",
    "static",
    "struct",
    "super",
    "test",
    "trait",
    "true",
    "try",
    "type",
    "typeof",
    "unsafe",
    "unsized",
    "use",
    "virtual",
    "where",
    "while",
];

/// Checks the name of a plugin, and of its package.
///
/// # Errors
/// Class `usage`.
pub(super) fn check(name: &str, language: Language) -> Result<(), Error> {
    let valid = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let is_name = name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.chars().all(valid)
        && !name.ends_with('-')
        && name.len() <= MAX_NAME;
    if !is_name {
        let message = format!("`{}` is not a valid name of a plugin", name.escape_debug());
        return Err(Error::new(Class::Usage, "invalid-plugin-name", message)
            .hint("use at most 32 of a-z, 0-9 and `-`, beginning with a letter"));
    }
    if language == Language::Rust && NOT_A_PACKAGE.contains(&name) {
        let message = format!("a package in Rust cannot have the name `{name}`");
        return Err(Error::new(Class::Usage, "invalid-plugin-name", message)
            .hint(format!("use another name, such as `my-{name}`")));
    }
    Ok(())
}

/// Checks that kt could use the plugin beside the installed ones.
///
/// # Errors
/// Class `conflict`.
pub(super) fn check_unused(manifest: &PluginManifest, registry: &Registry) -> Result<(), Error> {
    let name = &manifest.name;
    let conflict = |message: String| {
        Err(Error::new(Class::Conflict, "plugin-conflict", message).hint("choose another name"))
    };
    if let Some((plugin, _)) = registry.plugin(name) {
        let dir = plugin.dir.display();
        return conflict(format!("the plugin `{name}` already exists in `{dir}`"));
    }
    let root = cli::build(registry, CommandSelection::All, WIDTH).root;
    let is_group = manifest.has_commands();
    if is_group && (name == "help" || root.find_subcommand(name).is_some()) {
        return conflict(format!("the command `kt {name}` already exists"));
    }
    match registry.conflict(manifest) {
        Some((what, plugin)) => conflict(format!("{what} already exists in `{}`", plugin.name())),
        None => Ok(()),
    }
}

//! The quoting of unit files; verified by passing special characters through
//! systemd.

use kt_plugin_api::{Class, Error};
use std::path::Path;

/// Quotes an argument of a command line. `%` starts a specifier and `$` a
/// variable there, so both are doubled.
pub(crate) fn argument(text: &str) -> String {
    quoted(text, true)
}

/// Quotes a `NAME=value` of `Environment=`, where `$` has no special meaning.
pub(crate) fn assignment(name: &str, value: &str) -> String {
    quoted(&format!("{name}={value}"), false)
}

/// Quotes the executable of a command line. `$` must not be doubled there, and
/// systemd rejects quotes and backslashes even if they are escaped.
///
/// # Errors
/// Class `usage` for an executable that systemd rejects.
pub(crate) fn executable(path: &str) -> Result<String, Error> {
    let rejected = path
        .chars()
        .find(|c| matches!(c, '"' | '\'' | '\\') || c.is_control());
    if let Some(character) = rejected {
        let message = format!(
            "systemd does not support the executable `{}`",
            path.escape_debug()
        );
        return Err(Error::new(Class::Usage, "executable-unusable", message)
            .cause(format!("the path contains {character:?}"))
            .hint("install kt in a path without quotes, backslashes and control characters"));
    }
    if !path.starts_with('/') {
        let message = format!("the executable `{path}` is not an absolute path");
        return Err(Error::new(Class::Usage, "executable-unusable", message));
    }
    Ok(quoted(path, false))
}

/// Escapes a single path, such as that of `WorkingDirectory=`, where only
/// specifiers have a special meaning.
///
/// # Errors
/// Class `usage` for a path with control characters, or with leading or trailing
/// whitespace.
pub(crate) fn bare_path(path: &Path) -> Result<String, Error> {
    let path = utf8_path(path)?;
    if path.chars().any(char::is_control) || path.trim() != path || path.ends_with('\\') {
        let message = format!(
            "systemd does not support the path `{}`",
            path.escape_debug()
        );
        return Err(Error::new(Class::Usage, "path-unusable", message).hint(
            "use a path without control characters, surrounding whitespace and a trailing `\\`",
        ));
    }
    Ok(path.replace('%', "%%"))
}

/// Quotes a path of a list such as `ReadWritePaths=`; it need not exist.
///
/// # Errors
/// Class `usage` for a path with control characters.
pub(crate) fn listed_path(path: &Path) -> Result<String, Error> {
    let path = utf8_path(path)?;
    if path.chars().any(char::is_control) {
        let message = format!(
            "systemd does not support the path `{}`",
            path.escape_debug()
        );
        return Err(Error::new(Class::Usage, "path-unusable", message)
            .hint("use a path without control characters"));
    }
    // A backslash escapes the next character here.
    let escaped = path
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('%', "%%");
    Ok(format!("\"-{escaped}\""))
}

/// Converts a text to one line, such as that of `Description=`.
pub(crate) fn single_line(text: &str) -> String {
    let flat: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    // A trailing backslash would continue the line.
    flat.trim_end_matches(['\\', ' '])
        .trim_start()
        .replace('%', "%%")
}

/// Returns a path as UTF-8.
///
/// # Errors
/// Class `usage` for a path that is not UTF-8.
pub(crate) fn utf8_path(path: &Path) -> Result<&str, Error> {
    path.to_str().ok_or_else(|| {
        let message = format!("the path `{}` is not valid UTF-8", path.display());
        Error::new(Class::Usage, "path-unusable", message)
    })
}

/// Whether the text needs no quotes in any setting.
fn is_plain(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_-./:=@,+".contains(&b))
}

fn quoted(text: &str, double_dollar: bool) -> String {
    if is_plain(text) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '%' => out.push_str("%%"),
            '$' if double_dollar => out.push_str("$$"),
            c if c.is_ascii_control() => out.push_str(&format!("\\x{:02x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
pub(crate) mod tests;

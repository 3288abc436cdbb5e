//! systemd's quoting, as measured by sending hostile arguments through it.

use kt_plugin_api::{Class, Error};

/// A quoted word of a command line after the executable: `%` starts a
/// specifier and `$` a variable there, so both are doubled.
pub(crate) fn argument(text: &str) -> String {
    quoted(text, true)
}

/// A quoted `NAME=value` of `Environment=`: `$` is an ordinary character there.
pub(crate) fn assignment(name: &str, value: &str) -> String {
    quoted(&format!("{name}={value}"), false)
}

/// The executable of a command line. `$` must not be doubled there, and
/// systemd refuses quotes and backslashes in it however they are written.
///
/// # Errors
/// Class `usage` when systemd cannot run it.
pub(crate) fn executable(path: &str) -> Result<String, Error> {
    let refused = path
        .chars()
        .find(|c| matches!(c, '"' | '\'' | '\\') || c.is_control());
    if let Some(character) = refused {
        let message = format!("systemd cannot run `{}`", path.escape_debug());
        return Err(Error::new(Class::Usage, "executable-unusable", message)
            .cause(format!("its path contains {character:?}"))
            .hint("install kt under a path without quotes, backslashes and control characters"));
    }
    if !path.starts_with('/') {
        let message = format!("the executable `{path}` is not an absolute path");
        return Err(Error::new(Class::Usage, "executable-unusable", message));
    }
    Ok(quoted(path, false))
}

/// A path that stands alone, such as in `WorkingDirectory=`: it is taken as it
/// is, except for specifiers.
///
/// # Errors
/// Class `usage` for a path that does not fit on one line or would lose blanks
/// at its ends.
pub(crate) fn bare_path(path: &str) -> Result<String, Error> {
    if path.chars().any(char::is_control) || path.trim() != path || path.ends_with('\\') {
        let message = format!("systemd cannot use the path `{}`", path.escape_debug());
        return Err(Error::new(Class::Usage, "path-unusable", message)
            .hint("use a path without control characters and without blanks or `\\` at its end"));
    }
    Ok(path.replace('%', "%%"))
}

/// A path in a list such as `ReadWritePaths=`; it need not exist.
///
/// # Errors
/// Class `usage` for a path that does not fit on one line.
pub(crate) fn listed_path(path: &str) -> Result<String, Error> {
    if path.chars().any(char::is_control) {
        let message = format!("systemd cannot use the path `{}`", path.escape_debug());
        return Err(Error::new(Class::Usage, "path-unusable", message)
            .hint("use a path without control characters"));
    }
    // Here a backslash makes the next character an ordinary one.
    let escaped = path
        .replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('%', "%%");
    Ok(format!("\"-{escaped}\""))
}

/// One line of text, such as a description.
pub(crate) fn line(text: &str) -> String {
    let flat: String = text
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    // A backslash at the end would join the next line.
    flat.trim_end_matches(['\\', ' '])
        .trim_start()
        .replace('%', "%%")
}

/// Needs no quotes anywhere in a unit.
fn plain(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"_-./:=@,+".contains(&b))
}

fn quoted(text: &str, double_dollar: bool) -> String {
    if plain(text) {
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

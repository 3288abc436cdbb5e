//! What a shell script can hold, and how it is written there.

use kt_plugin_api::{Class, Error};

/// A word of a script, whatever is in it. Between single quotes a shell reads
/// nothing as special but the quote itself.
///
/// # Errors
/// Class `usage` for a zero byte, which no argument can hold.
pub(crate) fn word(text: &str) -> Result<String, Error> {
    if text.contains('\0') {
        let message = format!("`{}` contains a zero byte", text.escape_debug());
        return Err(Error::new(Class::Usage, "argument-unusable", message));
    }
    Ok(format!("'{}'", text.replace('\'', r"'\''")))
}

/// One line of a comment.
pub(crate) fn comment(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect()
}

/// `NAME=value` as one word.
///
/// # Errors
/// Class `usage` for a name that no shell exports.
pub(crate) fn assignment(name: &str, value: &str) -> Result<String, Error> {
    let letter = |b: u8| b.is_ascii_alphabetic() || b == b'_';
    let good = name.bytes().next().is_some_and(letter)
        && name.bytes().all(|b| letter(b) || b.is_ascii_digit());
    if good {
        return word(&format!("{name}={value}"));
    }
    let message = format!("`{}` cannot name a variable", name.escape_debug());
    Err(Error::new(Class::Usage, "bad-variable", message))
}

/// The executable.
///
/// # Errors
/// Class `usage` unless it is an absolute path: a relative one would be looked
/// for where the service runs, and elsewhere on another day.
pub(crate) fn executable(path: &str) -> Result<String, Error> {
    if path.starts_with('/') {
        return word(path);
    }
    let message = format!(
        "the executable `{}` is not an absolute path",
        path.escape_debug()
    );
    Err(Error::new(Class::Usage, "executable-unusable", message))
}

#[cfg(test)]
mod tests;

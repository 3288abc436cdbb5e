//! Programs of the system that tests use.

use std::path::{Path, PathBuf};

/// Returns the program `name` of the real `PATH`.
///
/// Where it is missing, prints that the test is skipped and returns nothing.
///
/// # Panics
/// When it is missing and `CI` is set: a missing part is a failure there.
pub(crate) fn tool(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&path)
        .chain([PathBuf::from("/usr/sbin"), PathBuf::from("/sbin")])
        .map(|dir| dir.join(name))
        .find(|p| p.is_file());
    found.or_else(|| missing(name))
}

/// Returns a program that the set-up installs elsewhere; as [`tool`].
///
/// # Panics
/// When it is missing and `CI` is set.
pub(crate) fn tool_at(path: &Path) -> Option<PathBuf> {
    if path.is_file() {
        return Some(path.to_owned());
    }
    missing(&path.display().to_string())
}

#[expect(clippy::print_stderr, reason = "a skipped test is reported")]
pub(super) fn missing(name: &str) -> Option<PathBuf> {
    let test = std::thread::current().name().unwrap_or_default().to_owned();
    let line = format!("`{name}` is missing: `tests/scripts/setup.sh` installs it");
    assert!(!in_ci(), "{line}");
    eprintln!("SKIPPED {test}: {line}");
    None
}

fn in_ci() -> bool {
    std::env::var("CI").is_ok_and(|v| !v.is_empty() && v != "0" && v != "false")
}

/// The `cargo` that runs the tests.
pub(crate) fn cargo() -> PathBuf {
    std::env::var_os("CARGO").map_or_else(|| Path::new("cargo").to_owned(), PathBuf::from)
}

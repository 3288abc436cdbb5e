//! Rules for single files.

use super::source::{code_of, has_word, lines_of_code};
use crate::harness::{files_below, workspace};
use std::fs;
use std::path::{Path, PathBuf};

/// The most lines of code of a file; a longer one has two responsibilities.
const MAX_LINES: usize = 400;
/// The most lines of code of a `mod.rs`, which declares and re-exports.
const MAX_MOD_LINES: usize = 60;
/// Names that do not describe the contents.
const FORBIDDEN: [&str; 6] = ["utils", "util", "helpers", "helper", "common", "misc"];
/// The folders that cross the ABI or handle signals, where `unsafe` is allowed.
const UNSAFE: [&str; 4] = [
    "plugin-api/",
    "host/src/crash/",
    "host/src/load/",
    "host/src/runtime/",
];
/// Folders without source files.
const SKIPPED: [&str; 4] = ["target", ".git", ".venv", "__pycache__"];

/// Returns every Rust file with its path from the root of the workspace.
fn sources() -> Vec<(String, String)> {
    let files = files_below(workspace(), &SKIPPED);
    let rust = files
        .iter()
        .filter(|p| p.extension().is_some_and(|e| e == "rs"));
    let all: Vec<_> = rust.map(|p| (name_of(p), text_of(p))).collect();
    assert!(all.len() > 200, "only {} files were found", all.len());
    all
}

fn name_of(path: &Path) -> String {
    let path = path
        .strip_prefix(workspace())
        .expect("it is in the workspace");
    path.display().to_string()
}

fn text_of(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn assert_none(rule: &str, offenders: &[String]) {
    assert!(
        offenders.is_empty(),
        "{rule}:\n  {}",
        offenders.join("\n  ")
    );
}

/// Returns whether code accesses the untyped arguments of an invocation.
fn reads_untyped_arguments(code: &str) -> bool {
    let access = |name: &'static str| code.match_indices(name).map(move |(at, _)| &code[at..]);
    let is_word = |rest: &str, name: &str| {
        let next = rest[name.len()..].chars().next();
        !next.is_some_and(|c| c.is_alphanumeric() || c == '_')
    };
    // `Command::args` of the standard library is a method.
    access(".args").any(|rest| is_word(rest, ".args") && !rest.starts_with(".args("))
        || code.contains(".required(\"")
}

/// A look-up by name is an absent value if the name differs from the manifest.
#[test]
fn bundled_plugins_have_typed_arguments() {
    let plugins = sources()
        .into_iter()
        .filter(|(name, _)| name.starts_with("plugins/"));
    let untyped: Vec<String> = plugins
        .filter(|(_, text)| reads_untyped_arguments(&code_of(text)))
        .map(|(name, _)| name)
        .collect();
    assert_none(
        "plugins that look arguments up by name, instead of `kt_plugin_api::include_args!`",
        &untyped,
    );
}

#[test]
fn a_look_up_of_an_argument_is_found() {
    assert!(reads_untyped_arguments(
        "let a = invocation\n    .args\n    .text(\"\");"
    ));
    assert!(reads_untyped_arguments("let args = &invocation.args;"));
    assert!(reads_untyped_arguments("invocation.required(\"\")?"));
    assert!(!reads_untyped_arguments(
        "let args: InitArgs = invocation.arguments()?;"
    ));
    assert!(!reads_untyped_arguments("Command::new(\"\").args([\"\"])"));
}

#[test]
fn files_stay_small() {
    let large: Vec<String> = sources()
        .iter()
        .map(|(name, text)| (name, lines_of_code(text)))
        .filter(|(_, lines)| *lines > MAX_LINES)
        .map(|(name, lines)| format!("{name}: {lines} lines of code"))
        .collect();
    assert_none("a file has at most 400 lines of code", &large);
}

#[test]
fn a_mod_file_only_declares() {
    let busy: Vec<String> = sources()
        .into_iter()
        .filter(|(name, _)| name.ends_with("/mod.rs"))
        .filter(|(name, text)| {
            let code = code_of(text);
            let logic = ["match", "if", "for", "while", "loop"];
            let long = lines_of_code(text) > MAX_MOD_LINES;
            let busy = long || logic.iter().any(|w| has_word(&code, w));
            busy && !is_file_with_tests(name)
        })
        .map(|(name, _)| name)
        .collect();
    assert_none("a `mod.rs` declares and re-exports", &busy);
}

/// Returns whether a folder contains nothing but a module and its tests, which
/// have a file of their own.
fn is_file_with_tests(mod_file: &str) -> bool {
    let folder = workspace().join(mod_file.trim_end_matches("/mod.rs"));
    let entries = fs::read_dir(folder).expect("the folder exists");
    let mut names = entries.filter_map(|e| e.ok()?.file_name().into_string().ok());
    names.all(|name| ["mod.rs", "tests.rs", "tests"].contains(&name.as_str()))
}

#[test]
fn a_module_is_either_a_file_or_a_folder() {
    let both: Vec<String> = sources()
        .into_iter()
        .map(|(name, _)| name)
        .filter(|name| !name.starts_with("plugins/lib/policy/tests/"))
        .filter(|name| workspace().join(name.trim_end_matches(".rs")).is_dir())
        .collect();
    assert_none("a module in a folder begins with `mod.rs`", &both);
}

#[test]
fn names_describe_the_contents() {
    let vague: Vec<String> = sources()
        .into_iter()
        .map(|(name, _)| name)
        .filter(|name| {
            let parts = name.trim_end_matches(".rs").split('/');
            parts.clone().any(|part| FORBIDDEN.contains(&part))
        })
        .collect();
    assert_none("the name of a file describes its contents", &vague);
}

#[test]
fn unsafe_is_only_where_the_abi_is_crossed_or_signals_are_handled() {
    let elsewhere: Vec<String> = sources()
        .into_iter()
        .filter(|(name, _)| !UNSAFE.iter().any(|place| name.starts_with(place)))
        .filter(|(_, text)| has_word(&code_of(text), "unsafe"))
        .map(|(name, _)| name)
        .collect();
    assert_none("`unsafe` is for the ABI and for signals", &elsewhere);
}

#[test]
fn every_module_is_documented() {
    let silent: Vec<String> = sources()
        .into_iter()
        .filter(|(name, _)| !name.ends_with("/tests.rs") && !name.contains("/tests/"))
        .filter(|(_, text)| !text.starts_with("//!"))
        .map(|(name, _)| name)
        .collect();
    assert_none("a file begins with `//!`", &silent);
}

/// Nothing depends on the machine that it was written on.
#[test]
fn no_file_names_a_machine() {
    let own = workspace().display().to_string();
    let home = std::env::var("HOME").unwrap_or_default();
    let parts: Vec<String> = [own, format!("{home}/.cargo"), format!("{home}/.rustup")]
        .into_iter()
        .filter(|p| p.len() > "/.cargo".len())
        .collect();
    let text = |path: &PathBuf| fs::read_to_string(path).ok();
    let found: Vec<String> = files_below(workspace(), &SKIPPED)
        .iter()
        .filter(|p| text(p).is_some_and(|t| parts.iter().any(|part| t.contains(part))))
        .map(|p| name_of(p))
        .collect();
    assert_none(
        "no file contains paths of the machine it was written on",
        &found,
    );
}

//! Completes a command line.

use super::candidate::Candidate;
use super::shell::CommandLine;
use super::values::Values;
use crate::cli::{self, CommandSelection};
use crate::crash;
use crate::environment::{COMPLETE, Environment};
use crate::logging;
use crate::startup::Startup;
use crate::value_source::Placeholder;
use clap_complete::engine;
use kt_plugin_api::Error;
use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io::Write;
use std::process::ExitCode;

/// The width of help, which is not printed.
const WIDTH: usize = 100;

/// Returns whether the script of a shell runs kt.
pub(crate) fn is_requested(env: &Environment) -> bool {
    env.var(COMPLETE).is_some()
}

/// Prints the candidates. There are no errors: a message would destroy the command line
/// that is edited.
pub(crate) fn run(env: &Environment) -> ExitCode {
    if let Ok(null) = std::fs::OpenOptions::new().write(true).open("/dev/null") {
        // Without it, messages are shown, which is better than to end here.
        let _unchanged = rustix::stdio::dup2_stderr(&null);
    }
    // A user who types must not put a plugin into quarantine.
    crash::disable_journal();
    logging::set_max_level(logging::level_from_name("off").unwrap_or_default());
    if let Some(line) = CommandLine::read(env) {
        let (candidates, error) = complete(env, &line);
        let response = line.response(env, &candidates, error.as_ref());
        // The shell may not read it.
        drop(std::io::stdout().write_all(response.as_bytes()));
    }
    ExitCode::SUCCESS
}

fn complete(env: &Environment, line: &CommandLine) -> (Vec<Candidate>, Option<Error>) {
    // The options of the command line decide which plugins there are.
    let before = line.words.get(..line.index).unwrap_or_default();
    let env = env.with_args(before.to_vec());
    let startup = match Startup::read(&env) {
        Ok(startup) => startup,
        Err(error) => return (Vec::new(), Some(error)),
    };
    let typed = line.words.get(line.index);
    let selection = CommandSelection::Completion {
        args: &env.args,
        typed: typed.map_or(OsStr::new(""), AsRef::as_ref),
    };
    let mut tree = cli::build(&startup.registry, selection, WIDTH);
    tree.root = tree.root.ignore_errors(true);
    let words = line.words.clone();
    let offered = engine::complete(&mut tree.root, words, line.index, Some(&env.cwd));
    let offered = offered.unwrap_or_default();
    let mut values = Values::new(startup, &mut tree);
    let mut candidates = Vec::new();
    for candidate in offered {
        match Placeholder::parse(candidate.get_value()) {
            Some(placeholder) => candidates.extend(values.of(&placeholder)),
            None => {
                let help = candidate.get_help().map(ToString::to_string);
                let value = candidate.get_value().to_string_lossy();
                candidates.extend(Candidate::new(&value, &help.unwrap_or_default()));
            }
        }
    }
    (selected(candidates, typed.map(AsRef::as_ref)), values.error)
}

/// Removes repetitions, and options unless one is being typed or there is nothing else.
fn selected(mut candidates: Vec<Candidate>, typed: Option<&OsStr>) -> Vec<Candidate> {
    let is_option = |c: &Candidate| c.value.starts_with('-');
    if typed.is_some_and(OsStr::is_empty) && !candidates.iter().all(is_option) {
        candidates.retain(|c| !is_option(c));
    }
    let mut seen = BTreeSet::new();
    candidates.retain(|c| seen.insert(c.value.clone()));
    candidates
}

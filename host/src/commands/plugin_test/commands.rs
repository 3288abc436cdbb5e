//! The checks of a plugin's commands. They run kt as users do.
//!
//! Without cases of the author, only commands are run that change nothing and have no
//! required argument; the others are tested as far as the host answers alone.

use super::cases::Case;
use super::child::{ChildKt, ChildOutput};
use super::completion;
use super::contract::{check, failure};
use super::values::{invalid_value, valid_values};
use crate::discovery::PluginManifest;
use kt_plugin_api::Error;
use kt_plugin_api::manifest::{ArgSpec, ArgType, CommandSpec};
use kt_plugin_api::plugin_test::{TestCase, TestFailure};
use rustix::process::Signal;
use serde_json::Value;

/// The result of one check.
type Checked = Result<Result<(), TestFailure>, Error>;

/// Runs the checks of all commands.
///
/// # Errors
/// When kt cannot be started.
pub(super) fn run(
    kt: &ChildKt,
    manifest: &PluginManifest,
    cases: &[Case],
) -> Result<Vec<TestCase>, Error> {
    let mut all = vec![
        case(
            "help",
            "the help of every command is printed",
            help(kt, manifest),
        )?,
        case(
            "arguments",
            "invalid, missing and conflicting arguments are refused",
            arguments(kt, manifest),
        )?,
    ];
    for spec in manifest.command_specs() {
        all.extend(command(kt, &spec, cases)?);
        if let Some(checked) = completion::check(kt, &spec)? {
            let id = format!("complete {}", spec.path.join(" "));
            let about = "its dynamic arguments are completed, and no unknown one";
            all.push(case(&id, about, Ok(checked))?);
        }
    }
    for author_case in cases {
        let id = format!("case {}", author_case.name);
        let about = "the case of the author ends as it states";
        all.push(case(&id, about, run_case(kt, author_case))?);
    }
    Ok(all)
}

fn case(id: &str, about: &str, checked: Checked) -> Result<TestCase, Error> {
    Ok(match checked? {
        Ok(()) => TestCase::passed(id, about),
        Err(failure) => TestCase::failed(id, about, failure),
    })
}

/// Continues only after a check that passed.
macro_rules! passed {
    ($checked:expr) => {
        if let Err(failure) = $checked {
            return Ok(Err(failure));
        }
    };
}

/// Runs kt with the path of a command, further words, and `-o json`.
fn run_json(kt: &ChildKt, spec: &CommandSpec, words: &[String]) -> Result<ChildOutput, Error> {
    let path = spec.path.iter().map(String::as_str);
    let words = words.iter().map(String::as_str);
    let args: Vec<&str> = path.chain(words).chain(["-o", "json"]).collect();
    kt.run(&args)
}

fn help(kt: &ChildKt, manifest: &PluginManifest) -> Checked {
    for spec in manifest.commands() {
        let path = spec.path.iter().map(String::as_str);
        let args: Vec<&str> = path.chain(["--help"]).collect();
        let output = kt.run(&args)?;
        if output.code() != Some(0) || output.stdout.is_empty() {
            return Ok(Err(failure(&output, "the help", output.summary())));
        }
    }
    Ok(Ok(()))
}

fn arguments(kt: &ChildKt, manifest: &PluginManifest) -> Checked {
    for spec in manifest.command_specs() {
        for arg in spec.args.iter().filter(|arg| can_be_alone(arg, &spec)) {
            if let Some(value) = invalid_value(arg) {
                passed!(refused(kt, &spec, &words(arg, value), value)?);
            }
        }
        if spec.args.iter().any(is_missing_without_words) {
            passed!(refused(kt, &spec, &[], "required")?);
        }
        for (a, b) in conflicts(&spec) {
            let both = [a, b].map(|arg| words(arg, valid_values(arg).first().map_or("", |v| v)));
            passed!(refused(kt, &spec, &both.concat(), "cannot be used with")?);
        }
    }
    Ok(Ok(()))
}

fn is_missing_without_words(arg: &ArgSpec) -> bool {
    arg.required && arg.default.is_none() && arg.env.is_none()
}

/// Returns the pairs of arguments that conflict.
fn conflicts(spec: &CommandSpec) -> Vec<(&ArgSpec, &ArgSpec)> {
    let named = |arg: &ArgSpec, other: &ArgSpec| arg.conflicts.contains(&other.name);
    let all = || spec.args.iter().filter(|arg| can_be_alone(arg, spec));
    all()
        .flat_map(|arg| {
            all()
                .filter(move |other| named(arg, other))
                .map(move |b| (arg, b))
        })
        .collect()
}

/// Returns whether words can name the argument: of several positional arguments, only
/// the first would receive them.
fn can_be_alone(arg: &ArgSpec, spec: &CommandSpec) -> bool {
    let positional = |arg: &ArgSpec| arg.long.is_none() && arg.short.is_none();
    !positional(arg) || spec.args.iter().filter(|other| positional(other)).count() == 1
}

/// Checks that the host refuses a command line, with a message that contains `reason`.
fn refused(kt: &ChildKt, spec: &CommandSpec, words: &[String], reason: &str) -> Checked {
    let output = run_json(kt, spec, words)?;
    if refused_by_the_host(&output) && output.summary().contains(reason) {
        return Ok(Ok(()));
    }
    let expected = format!("exit code 2, and the error `invalid-arguments` with {reason:?}");
    Ok(Err(failure(&output, expected, output.summary())))
}

/// Returns the words of an argument with a value.
fn words(arg: &ArgSpec, value: &str) -> Vec<String> {
    let option = match (&arg.long, arg.short) {
        (Some(long), _) => format!("--{long}"),
        (None, Some(short)) => format!("-{short}"),
        (None, None) => return vec![value.to_owned()],
    };
    match (arg.kind, value.is_empty()) {
        (ArgType::Boolean, true) => vec![option],
        _ if arg.long.is_some() => vec![format!("{option}={value}")],
        _ => vec![option, value.to_owned()],
    }
}

fn command(kt: &ChildKt, spec: &CommandSpec, cases: &[Case]) -> Result<Vec<TestCase>, Error> {
    let id = format!("run {}", spec.path.join(" "));
    let about = "it ends with one result or one error, in every output format";
    let reason = if spec.mutates {
        "it changes state"
    } else if spec.args.iter().any(is_missing_without_words) {
        "it has required arguments"
    } else if spec.long_running {
        let id = format!("cancel {}", spec.path.join(" "));
        let about = "it ends when it is cancelled";
        return Ok(vec![case(&id, about, cancel(kt, spec))?]);
    } else {
        return Ok(vec![
            case(&id, about, run_command(kt, spec))?,
            case(
                &format!("deadline {}", spec.path.join(" ")),
                "it ends soon after its deadline",
                deadline(kt, spec),
            )?,
        ]);
    };
    let has_case = cases.iter().any(|case| case.args.starts_with(&spec.path));
    if has_case {
        return Ok(Vec::new());
    }
    let reason = format!("{reason}: add a case to `plugin-test.toml`");
    Ok(vec![TestCase::skipped(id, about, reason)])
}

fn run_command(kt: &ChildKt, spec: &CommandSpec) -> Checked {
    let json = run_json(kt, spec, &[])?;
    passed!(check(&json));
    for format in ["table", "wide", "yaml", "name"] {
        let path = spec.path.iter().map(String::as_str);
        let args: Vec<&str> = path.chain(["-o", format]).collect();
        let output = kt.run(&args)?;
        if output.code() != json.code() {
            let expected = format!("{}, as with `-o json`", json.end());
            return Ok(Err(failure(&output, expected, output.summary())));
        }
    }
    for arg in spec.args.iter().filter(|arg| can_be_alone(arg, spec)) {
        for value in valid_values(arg) {
            let output = run_json(kt, spec, &words(arg, &value))?;
            if refused_by_the_host(&output) {
                let expected = "the host accepts the value";
                return Ok(Err(failure(&output, expected, output.summary())));
            }
            passed!(check(&output));
        }
    }
    Ok(Ok(()))
}

fn refused_by_the_host(output: &ChildOutput) -> bool {
    let error = output.error();
    let id = error.as_ref().and_then(|e| e.get("id")?.as_str());
    id == Some("invalid-arguments")
}

fn deadline(kt: &ChildKt, spec: &CommandSpec) -> Checked {
    let output = run_json(kt, spec, &["--timeout=1ms".to_owned()])?;
    Ok(check(&output))
}

fn cancel(kt: &ChildKt, spec: &CommandSpec) -> Checked {
    let words = spec.path.iter().map(String::as_str).chain(["-o", "json"]);
    let words: Vec<String> = words.map(str::to_owned).collect();
    let mut running = kt.spawn(&words, &[], "")?;
    let signalled = running.signal_when_ready(Signal::TERM);
    let output = running.wait();
    Ok(check_cancelled(&output, signalled))
}

/// Checks the end of a command that was terminated while it ran.
fn check_cancelled(output: &ChildOutput, signalled: bool) -> Result<(), TestFailure> {
    if !signalled {
        let expected = "the command runs until it is stopped";
        return Err(failure(output, expected, output.summary()));
    }
    match output.code() {
        Some(143) => Ok(()),
        Some(0) => check(output),
        _ => {
            let expected = "exit code 143 or 0 after SIGTERM";
            Err(failure(output, expected, output.summary()))
        }
    }
}

fn run_case(kt: &ChildKt, case: &Case) -> Checked {
    let mut args = case.args.clone();
    args.extend(["-o".to_owned(), "json".to_owned()]);
    let env: Vec<(String, String)> = case.env.clone().into_iter().collect();
    let mut running = kt.spawn(&args, &env, &case.stdin)?;
    if case.cancel {
        let signalled = running.signal_when_ready(Signal::TERM);
        return Ok(check_cancelled(&running.wait(), signalled));
    }
    let output = running.wait();
    if output.code() != Some(case.exit) {
        let expected = format!("exit code {}", case.exit);
        return Ok(Err(failure(&output, expected, output.summary())));
    }
    passed!(check(&output));
    passed!(expected_error(case, &output));
    passed!(expected_values(case, &output));
    let Some(text) = &case.stdout else {
        return Ok(Ok(()));
    };
    let table = kt.spawn(&case.args, &env, &case.stdin)?.wait();
    if table.stdout.contains(text.as_str()) {
        return Ok(Ok(()));
    }
    let expected = format!("standard output contains {text:?}");
    Ok(Err(failure(
        &table,
        expected,
        format!("{:?}", table.stdout),
    )))
}

fn expected_error(case: &Case, output: &ChildOutput) -> Result<(), TestFailure> {
    let error = output.error();
    let id = error.as_ref().and_then(|e| e.get("id")?.as_str());
    match case.error.as_deref() {
        Some(expected) if id != Some(expected) => Err(failure(
            output,
            format!("the error `{expected}`"),
            format!("{id:?}"),
        )),
        _ => Ok(()),
    }
}

fn expected_values(case: &Case, output: &ChildOutput) -> Result<(), TestFailure> {
    let result: Value = serde_json::from_str(&output.stdout).unwrap_or_default();
    for (pointer, expected) in &case.value {
        let expected = serde_json::to_value(expected).unwrap_or_default();
        let found = result.pointer(pointer);
        if found != Some(&expected) {
            let found = found.map_or_else(|| "no such value".to_owned(), Value::to_string);
            return Err(failure(output, format!("`{pointer}` is {expected}"), found));
        }
    }
    Ok(())
}

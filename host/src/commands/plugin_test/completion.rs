//! The check of dynamic arguments.

use super::child::{ChildKt, ChildOutput};
use super::contract::failure;
use crate::environment::COMPLETE;
use kt_plugin_api::manifest::{ArgSpec, CommandSpec};
use kt_plugin_api::plugin_test::TestFailure;
use kt_plugin_api::{Class, Error};
use serde_json::Value;

/// Completes every dynamic argument of a command, as a shell does; `None` if there are
/// none. The host also requests the completion of an argument that does not exist.
///
/// # Errors
/// When kt cannot be started.
pub(super) fn check(
    kt: &ChildKt,
    spec: &CommandSpec,
) -> Result<Option<Result<(), TestFailure>>, Error> {
    let dynamic: Vec<&ArgSpec> = spec.args.iter().filter(|arg| arg.dynamic).collect();
    for arg in &dynamic {
        let last = match (&arg.long, arg.short) {
            (Some(long), _) => vec![format!("--{long}=")],
            (None, Some(short)) => vec![format!("-{short}"), String::new()],
            (None, None) => vec![String::new()],
        };
        let first = ["--", "kt"].into_iter().map(str::to_owned);
        let words: Vec<String> = first.chain(spec.path.iter().cloned()).chain(last).collect();
        let json = [(COMPLETE.to_owned(), "json".to_owned())];
        let output = kt.spawn(&words, &json, "")?.wait();
        if let Err(failure) = check_answer(&output, arg) {
            return Ok(Some(Err(failure)));
        }
    }
    Ok((!dynamic.is_empty()).then_some(Ok(())))
}

fn check_answer(output: &ChildOutput, arg: &ArgSpec) -> Result<(), TestFailure> {
    let expected = format!("completions of `{}`, or none", arg.name);
    let answer: Value = serde_json::from_str(&output.stdout).unwrap_or_default();
    if output.code() != Some(0) || !answer.is_object() {
        return Err(failure(output, expected, output.summary()));
    }
    let Some(error) = answer.get("error").filter(|error| !error.is_null()) else {
        return Ok(());
    };
    let class = error.get("class").and_then(Value::as_str);
    let class = class.and_then(Class::from_name).unwrap_or(Class::Plugin);
    // Without a server or a gateway, a plugin may have nothing to complete with.
    if !matches!(class, Class::Plugin | Class::Internal) {
        return Ok(());
    }
    let message = error.get("message").and_then(Value::as_str);
    let causes = error.get("causes").map(Value::to_string);
    let found = [message.map(str::to_owned), causes];
    let found: Vec<String> = found.into_iter().flatten().collect();
    Err(failure(output, expected, found.join(" ")))
}

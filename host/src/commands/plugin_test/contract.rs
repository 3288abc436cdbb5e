//! What the output of every command must satisfy.

use super::child::ChildOutput;
use kt_plugin_api::Class;
use kt_plugin_api::plugin_test::TestFailure;
use serde_json::Value;

/// Creates a failure of a run.
pub(super) fn failure(
    output: &ChildOutput,
    expected: impl Into<String>,
    found: impl Into<String>,
) -> TestFailure {
    let mut failure = TestFailure::new(format!("run `{}`", output.line), expected, found);
    if let Some(last) = output.stderr.trim().lines().last() {
        failure.state.push(format!("stderr: {last}"));
    }
    failure
}

/// Checks a run with `-o json`: one result or one error, both well-formed.
pub(super) fn check(output: &ChildOutput) -> Result<(), TestFailure> {
    let Some(code) = output.code() else {
        let expected = "the command ends with an exit code";
        return Err(failure(output, expected, output.end()));
    };
    match output.error() {
        Some(error) => check_error(output, &error, code),
        None => check_result(output, code),
    }
}

fn check_result(output: &ChildOutput, code: i32) -> Result<(), TestFailure> {
    if code == i32::from(Class::Plugin.exit_code()) {
        let expected = "a result, or an error of the command";
        return Err(failure(output, expected, output.summary()));
    }
    let values = serde_json::Deserializer::from_str(&output.stdout).into_iter::<Value>();
    for value in values {
        if let Err(error) = value {
            let expected = "standard output is JSON: only the host prints";
            return Err(failure(output, expected, error.to_string()));
        }
    }
    Ok(())
}

fn check_error(output: &ChildOutput, error: &Value, code: i32) -> Result<(), TestFailure> {
    let text = |key: &str| error.get(key).and_then(Value::as_str).unwrap_or_default();
    let (id, class, message) = (text("id"), text("class"), text("message"));
    let is_fault = matches!(
        Class::from_name(class),
        None | Some(Class::Plugin | Class::Internal | Class::Ok)
    );
    if is_fault {
        let causes = error
            .get("causes")
            .map(Value::to_string)
            .unwrap_or_default();
        let expected = "a result, or an error whose class tells the user what to do";
        let found = format!("class `{class}`: {message} {causes}");
        return Err(failure(output, expected, found));
    }
    if !is_kebab(id) {
        let expected = "the `id` of an error consists of a-z, 0-9 and `-`";
        return Err(failure(output, expected, format!("`{id}`")));
    }
    if let Some(problem) = style_problem(message) {
        let expected = "the message is one line, lower case, without a final period";
        return Err(failure(output, expected, format!("{problem}: {message:?}")));
    }
    let exit = error.get("exit").and_then(Value::as_i64);
    if exit != Some(i64::from(code)) {
        let expected = format!("exit code {exit:?}, as the error says");
        return Err(failure(output, expected, output.end()));
    }
    Ok(())
}

fn is_kebab(id: &str) -> bool {
    let valid = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !id.is_empty() && id.chars().all(valid)
}

/// Returns how the message of an error differs from the form of `ABI.md`.
fn style_problem(message: &str) -> Option<&'static str> {
    let mut chars = message.chars();
    let (first, second) = (chars.next()?, chars.next().unwrap_or_default());
    // A name such as `TLS` may be first.
    if first.is_uppercase() && second.is_lowercase() {
        return Some("it begins with a capital letter");
    }
    if message.trim_end().contains('\n') {
        return Some("it has several lines");
    }
    message.ends_with('.').then_some("it ends with a period")
}

#[cfg(test)]
mod tests {
    use super::{is_kebab, style_problem};

    #[test]
    fn the_form_of_errors_is_that_of_the_specification() {
        assert!(is_kebab("not-found") && !is_kebab("Not Found") && !is_kebab(""));
        for fine in ["the file is missing", "TLS failed", "`A.` is unknown"] {
            assert_eq!(style_problem(fine), None, "{fine}");
        }
        for wrong in ["The file", "it is missing.", "a\nb"] {
            assert!(style_problem(wrong).is_some(), "{wrong}");
        }
    }
}

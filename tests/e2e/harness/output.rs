//! The output of a command that has ended, with assertions.

use assert_cmd::assert::{Assert, OutputAssertExt};
use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;
use serde_json::Value;
use std::os::unix::process::ExitStatusExt;
use std::process::Output;

/// The exit status and output of a command. A failed assertion prints the
/// command line, the status and both streams.
#[derive(Debug, Clone)]
#[must_use = "assert the exit code, at least with `ok()`"]
pub(crate) struct CommandOutput {
    line: String,
    output: Output,
    /// Standard output.
    pub(crate) stdout: String,
    /// Standard error.
    pub(crate) stderr: String,
}

impl CommandOutput {
    /// The output of the command `line`.
    pub(super) fn new(line: String, output: Output) -> Self {
        Self {
            line,
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            output,
        }
    }

    fn assert(&self) -> Assert {
        let assert = self.output.clone().assert();
        assert.append_context("command", self.line.clone())
    }

    /// The exit code; none if a signal ended the command.
    pub(crate) fn code(&self) -> Option<i32> {
        self.output.status.code()
    }

    /// The signal that ended the command; none if it exited.
    pub(crate) fn signal(&self) -> Option<i32> {
        self.output.status.signal()
    }

    /// Asserts success.
    #[track_caller]
    pub(crate) fn ok(&self) -> &Self {
        drop(self.assert().success());
        self
    }

    /// Asserts the exit code.
    #[track_caller]
    pub(crate) fn exits(&self, code: i32) -> &Self {
        drop(self.assert().code(code));
        self
    }

    /// Asserts that standard output contains `text`.
    #[track_caller]
    pub(crate) fn stdout_contains(&self, text: &str) -> &Self {
        drop(self.assert().stdout(contains(text)));
        self
    }

    /// Asserts that standard output does not contain `text`.
    #[track_caller]
    pub(crate) fn stdout_excludes(&self, text: &str) -> &Self {
        drop(self.assert().stdout(contains(text).not()));
        self
    }

    /// Asserts that standard error contains `text`.
    #[track_caller]
    pub(crate) fn stderr_contains(&self, text: &str) -> &Self {
        drop(self.assert().stderr(contains(text)));
        self
    }

    /// Asserts that standard error does not contain `text`.
    #[track_caller]
    pub(crate) fn stderr_excludes(&self, text: &str) -> &Self {
        drop(self.assert().stderr(contains(text).not()));
        self
    }

    /// Asserts that standard output is empty.
    #[track_caller]
    pub(crate) fn stdout_is_empty(&self) -> &Self {
        drop(self.assert().stdout(""));
        self
    }

    /// Standard output, which must be exactly one JSON value.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|e| panic!("stdout is not one JSON value: {e}{self}"))
    }

    /// The value at a JSON pointer of standard output.
    #[track_caller]
    pub(crate) fn at(&self, pointer: &str) -> Value {
        let json = self.json();
        let value = json.pointer(pointer).cloned();
        value.unwrap_or_else(|| panic!("no `{pointer}` in the JSON{self}"))
    }

    /// The string at a JSON pointer of standard output.
    #[track_caller]
    pub(crate) fn text_at(&self, pointer: &str) -> String {
        let value = self.at(pointer);
        let text = value.as_str().map(str::to_owned);
        text.unwrap_or_else(|| panic!("`{pointer}` is not a string{self}"))
    }

    /// The error object: with `-o json`, standard error must be exactly that,
    /// and its `exit` must be the exit code.
    #[track_caller]
    pub(crate) fn error(&self) -> Value {
        let whole: Value = serde_json::from_str(&self.stderr)
            .unwrap_or_else(|e| panic!("stderr is not one JSON value: {e}{self}"));
        let Some(error) = whole.get("error") else {
            panic!("no `error` on stderr{self}");
        };
        assert_eq!(
            error.get("exit").and_then(Value::as_i64),
            self.code().map(i64::from),
            "`exit` is not the exit code{self}"
        );
        error.clone()
    }
}

impl std::fmt::Display for CommandOutput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (status, stdout, stderr) = (self.output.status, &self.stdout, &self.stderr);
        write!(
            f,
            "\n$ {}\n{status}\n--- stdout\n{stdout}--- stderr\n{stderr}---",
            self.line
        )
    }
}

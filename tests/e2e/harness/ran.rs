//! A command that has ended.

use serde_json::Value;
use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

/// What a command left behind. The assertions say the whole story when they
/// fail.
#[derive(Debug, Clone)]
#[must_use = "assert how it ended, at least with `ok()`"]
pub(crate) struct Ran {
    pub(super) line: String,
    pub(super) status: ExitStatus,
    /// Standard output.
    pub(crate) stdout: String,
    /// Standard error.
    pub(crate) stderr: String,
}

impl Ran {
    /// The exit code; none after a signal.
    pub(crate) fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// Asserts success.
    pub(crate) fn ok(&self) -> &Self {
        self.exits(0)
    }

    /// Asserts the exit code; death by a signal is named.
    pub(crate) fn exits(&self, code: i32) -> &Self {
        if let Some(signal) = self.status.signal() {
            panic!("died by signal {signal}, expected exit code {code}{self}");
        }
        assert_eq!(self.code(), Some(code), "the exit code{self}");
        self
    }

    /// Asserts that standard output holds `text`.
    pub(crate) fn out_has(&self, text: &str) -> &Self {
        assert!(self.stdout.contains(text), "no `{text}` on stdout{self}");
        self
    }

    /// Asserts that standard output does not hold `text`.
    pub(crate) fn out_lacks(&self, text: &str) -> &Self {
        assert!(!self.stdout.contains(text), "`{text}` is on stdout{self}");
        self
    }

    /// Asserts that standard error holds `text`.
    pub(crate) fn err_has(&self, text: &str) -> &Self {
        assert!(self.stderr.contains(text), "no `{text}` on stderr{self}");
        self
    }

    /// Asserts that standard error does not hold `text`.
    pub(crate) fn err_lacks(&self, text: &str) -> &Self {
        assert!(!self.stderr.contains(text), "`{text}` is on stderr{self}");
        self
    }

    /// Asserts that nothing went to standard output.
    pub(crate) fn silent(&self) -> &Self {
        assert!(self.stdout.is_empty(), "there is data on stdout{self}");
        self
    }

    /// Standard output, which must be exactly one JSON value.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|e| panic!("stdout is not one JSON value: {e}{self}"))
    }

    /// The value at a JSON pointer of standard output.
    pub(crate) fn at(&self, pointer: &str) -> Value {
        self.json()
            .pointer(pointer)
            .cloned()
            .unwrap_or_else(|| panic!("no `{pointer}` in the JSON{self}"))
    }

    /// The text at a JSON pointer of standard output.
    pub(crate) fn text_at(&self, pointer: &str) -> String {
        let value = self.at(pointer);
        value
            .as_str()
            .unwrap_or_else(|| panic!("`{pointer}` is no text{self}"))
            .to_owned()
    }

    /// The error object: with `-o json`, standard error must be exactly that,
    /// and its `exit` the exit code.
    pub(crate) fn error(&self) -> Value {
        let whole: Value = serde_json::from_str(&self.stderr)
            .unwrap_or_else(|e| panic!("stderr is not one JSON value: {e}{self}"));
        let error = whole
            .get("error")
            .unwrap_or_else(|| panic!("no `error` on stderr{self}"));
        assert_eq!(
            error.get("exit").and_then(Value::as_i64),
            self.code().map(i64::from),
            "`exit` is not the exit code{self}"
        );
        error.clone()
    }
}

impl std::fmt::Display for Ran {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "\n$ {}\n{}\n--- stdout\n{}--- stderr\n{}---",
            self.line, self.status, self.stdout, self.stderr
        )
    }
}

//! A runner that remembers the last changes, for the report of a failed check.

use kt_plugin_api::Error;
use kt_plugin_api::service::ProbeOutcome;
use kt_plugin_api::service::execute::{ExecOutcome, Runner};
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::path::Path;
use std::time::Duration;

/// How many lines the report of a failed check has.
const CAPACITY: usize = 16;
/// How many characters of the output of a program are kept.
const OUTPUT: usize = 200;

/// Remembers programs and changes of files, and how they ended.
pub(super) struct RunLog<'a> {
    inner: &'a dyn Runner,
    /// Each line, with the number of times that it occurred in a row.
    lines: RefCell<VecDeque<(String, u32)>>,
}

impl<'a> RunLog<'a> {
    pub(super) fn new(inner: &'a dyn Runner) -> Self {
        Self {
            inner,
            lines: RefCell::default(),
        }
    }

    /// Returns the last lines, the latest at the end.
    pub(super) fn lines(&self) -> Vec<String> {
        let lines = self.lines.borrow();
        let text = |(line, count): &(String, u32)| match count {
            1 => line.clone(),
            count => format!("{line} (\u{d7}{count})"),
        };
        lines.iter().map(text).collect()
    }

    pub(super) fn clear(&self) {
        self.lines.borrow_mut().clear();
    }

    fn push(&self, line: String) {
        let mut lines = self.lines.borrow_mut();
        if let Some((_, count)) = lines.back_mut().filter(|(last, _)| *last == line) {
            *count += 1;
            return;
        }
        if lines.len() == CAPACITY {
            lines.pop_front();
        }
        lines.push_back((line, 1));
    }

    fn push_result<T>(&self, what: &str, path: &Path, result: &io::Result<T>) {
        let line = match result {
            Ok(_) => format!("{what} {}", path.display()),
            Err(error) => format!("{what} {}: {error}", path.display()),
        };
        self.push(line);
    }
}

/// Quotes a word where a shell would, so that the command can be repeated.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "-_./:=@,+%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

fn describe(argv: &[String], outcome: &ExecOutcome) -> String {
    let words: Vec<String> = argv.iter().map(|word| quoted(word)).collect();
    let line = words.join(" ");
    match outcome {
        ExecOutcome::Exited {
            code,
            stdout,
            stderr,
        } => {
            let code = code.map_or_else(|| "a signal".to_owned(), |code| code.to_string());
            let output = if stderr.trim().is_empty() {
                stdout
            } else {
                stderr
            };
            let output: String = output.trim().chars().take(OUTPUT).collect();
            let separator = if output.is_empty() { "" } else { ": " };
            format!("{line} -> {code}{separator}{output}")
        }
        other => format!("{line} -> {other:?}"),
    }
}

impl Runner for RunLog<'_> {
    fn run(
        &self,
        argv: &[String],
        env: &BTreeMap<String, String>,
        timeout: Duration,
    ) -> ExecOutcome {
        let outcome = self.inner.run(argv, env, timeout);
        self.push(describe(argv, &outcome));
        outcome
    }

    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        self.inner.read(path)
    }

    fn write(&self, path: &Path, mode: u32, bytes: &[u8]) -> io::Result<()> {
        let result = self.inner.write(path, mode, bytes);
        self.push_result("write", path, &result);
        result
    }

    fn remove(&self, path: &Path) -> io::Result<bool> {
        let result = self.inner.remove(path);
        if !matches!(result, Ok(false)) {
            self.push_result("remove", path, &result);
        }
        result
    }

    fn stat(&self, path: &Path) -> ProbeOutcome {
        self.inner.stat(path)
    }

    fn list(&self, path: &Path) -> ProbeOutcome {
        self.inner.list(path)
    }

    fn now(&self) -> Duration {
        self.inner.now()
    }

    fn sleep(&self, time: Duration) {
        self.inner.sleep(time);
    }

    fn check_cancelled(&self) -> Result<(), Error> {
        self.inner.check_cancelled()
    }
}

#[cfg(test)]
mod tests {
    use super::{describe, quoted};
    use kt_plugin_api::service::execute::ExecOutcome;

    #[test]
    fn commands_are_shown_as_a_shell_takes_them() {
        assert_eq!(quoted("sv"), "sv");
        assert_eq!(quoted("a'b c"), "'a'\\''b c'");
        let argv = ["sv".to_owned(), "up".to_owned(), String::new()];
        let outcome = ExecOutcome::Exited {
            code: Some(1),
            stdout: "out".to_owned(),
            stderr: "fail: unable\n".to_owned(),
        };
        let line = describe(&argv, &outcome);
        assert_eq!(line, "sv up '' -> 1: fail: unable");
    }
}

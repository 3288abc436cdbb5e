//! Prompts. What is typed is read after waiting for it, so that a signal ends a prompt at
//! once and the terminal is as it was before.

use super::terminal::Terminal;
use crate::runtime::PromptRequest;
use crate::terminal_mode::HiddenInput;
use kt_plugin_api::{Class, Error, printable};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io::{IsTerminal, stdin};
use std::os::fd::AsFd;
use std::time::Instant;

/// The maximum size of a secret, against mistakes such as a wrong file.
const MAX_INPUT: usize = 64 * 1024;

/// What was read from standard input.
struct Input {
    text: String,
    /// Whether it ended without a line feed.
    ended: bool,
}

impl Terminal {
    /// Asks whether to change something; for commands that handle no signals.
    ///
    /// # Errors
    /// As [`Terminal::confirm`].
    pub(crate) fn confirm_change(&self, question: &str) -> Result<(), Error> {
        let prompt = PromptRequest {
            kind: "confirm",
            question,
            signals: None,
            remaining: None,
        };
        self.confirm(&prompt).map(drop)
    }

    /// Asks until the answer is yes or no. An empty one is no.
    pub(super) fn confirm(&self, prompt: &PromptRequest<'_>) -> Result<String, Error> {
        let question = prompt.question;
        if self.yes {
            return Ok("yes".to_owned());
        }
        let required = || Error::new(Class::Usage, "confirmation-required", question);
        if !self.interactive {
            return Err(required()
                .cause("the session is not interactive")
                .hint("pass `--yes` to confirm"));
        }
        self.print_prompt(&format!("{} [y/N]", printable(question)));
        loop {
            let answer = self.ask_line(prompt)?;
            match answer.text.trim().to_lowercase().as_str() {
                "y" | "yes" => return Ok("yes".to_owned()),
                "" if answer.ended => {
                    return Err(required()
                        .cause("standard input ended before the answer")
                        .hint("nothing was changed; pass `--yes` to confirm"));
                }
                "" | "n" | "no" => {
                    let message = "declined: nothing was changed";
                    return Err(Error::new(Class::Usage, "declined", message));
                }
                _ => self.print_prompt("answer `y` or `n` [y/N]"),
            }
        }
    }

    /// Reads a secret: without echo from a terminal, where an empty one is asked for
    /// again.
    pub(super) fn secret(&self, prompt: &PromptRequest<'_>) -> Result<String, Error> {
        if !stdin().is_terminal() {
            return read(prompt, false).map(|input| input.text);
        }
        if !self.interactive {
            let message = "a secret is required, and the session is not interactive";
            return Err(Error::new(Class::Usage, "secret-required", message)
                .hint("pass the secret on standard input"));
        }
        let hidden = HiddenInput::begin().map_err(stdin_error)?;
        self.print_prompt(&printable(prompt.question));
        let secret = loop {
            let input = self.ask_line(prompt);
            // The line feed was not shown either.
            self.print_stderr("");
            let input = input?;
            if input.text.is_empty() && input.ended {
                let message = "standard input ended before the secret";
                return Err(Error::new(Class::Usage, "secret-required", message)
                    .hint("nothing was changed"));
            }
            if input.text.is_empty() {
                self.print_prompt("it is empty; enter it again, or end with Ctrl-C:");
            } else if input.text.contains(char::is_control) {
                self.print_prompt("it has a control character; enter it again:");
            } else {
                break input.text;
            }
        };
        drop(hidden);
        Ok(secret)
    }

    /// Reads a line. Messages that follow begin on a line of their own.
    fn ask_line(&self, prompt: &PromptRequest<'_>) -> Result<Input, Error> {
        let input = read(prompt, true);
        if input.as_ref().map_or(true, |input| input.ended) {
            self.print_stderr("");
        }
        input
    }
}

/// Reads a line, or everything, without the line feeds at its end.
fn read(prompt: &PromptRequest<'_>, line: bool) -> Result<Input, Error> {
    let end = prompt
        .remaining
        .and_then(|left| Instant::now().checked_add(left));
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    let ended = loop {
        wait_for_input(prompt, end)?;
        let count = match rustix::io::read(stdin(), &mut chunk) {
            Ok(count) => count,
            Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => continue,
            Err(error) => return Err(stdin_error(error)),
        };
        let new = chunk.get(..count).unwrap_or_default();
        let feed = new.iter().position(|byte| line && *byte == b'\n');
        bytes.extend_from_slice(new.get(..feed.unwrap_or(count)).unwrap_or_default());
        if count == 0 || feed.is_some() {
            break feed.is_none();
        }
        if bytes.len() > MAX_INPUT {
            return Err(stdin_error(format!("it is larger than {MAX_INPUT} bytes")));
        }
    };
    let text = String::from_utf8(bytes).map_err(|_| stdin_error("it is not valid UTF-8"))?;
    Ok(Input {
        text: text.trim_end_matches(['\n', '\r']).to_owned(),
        ended,
    })
}

/// Waits until there is something to read.
///
/// # Errors
/// If the command is cancelled, or its deadline is over.
fn wait_for_input(prompt: &PromptRequest<'_>, end: Option<Instant>) -> Result<(), Error> {
    let stdin = stdin();
    loop {
        if let Some(error) = prompt.signals.and_then(|signals| signals.error()) {
            return Err(error);
        }
        let left = end.map(|end| end.saturating_duration_since(Instant::now()));
        if left.is_some_and(|left| left.is_zero()) {
            return Err(Error::new(
                Class::Unavailable,
                "timeout",
                "timed out at a prompt",
            ));
        }
        let mut watched = vec![PollFd::from_borrowed_fd(stdin.as_fd(), PollFlags::IN)];
        let cancelled = prompt.signals.and_then(|signals| signals.readable());
        watched.extend(cancelled.map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)));
        let timeout = left.and_then(|left| Timespec::try_from(left).ok());
        // After an error such as EINTR there is nothing to read yet.
        let ready = poll(&mut watched, timeout.as_ref()).is_ok();
        let has_input = watched.first().is_some_and(|fd| !fd.revents().is_empty());
        if ready && has_input && prompt.signals.is_none_or(|s| s.settled_error().is_none()) {
            return Ok(());
        }
    }
}

fn stdin_error(e: impl std::fmt::Display) -> Error {
    Error::new(Class::Usage, "input-failed", "cannot read standard input").cause(e)
}

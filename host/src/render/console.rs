//! Events, progress and prompts of a running command.

use super::terminal::Terminal;
use crate::logging;
use crate::options::OutputFormat;
use crate::runtime::Console;
use kt_plugin_api::{Class, Error, Event, Output};
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use std::io::{BufRead, Read, stdin};
use std::sync::atomic::Ordering;

/// The maximum size of a secret, against mistakes such as a wrong file.
const MAX_SECRET: u64 = 64 * 1024;

impl Console for Terminal {
    fn event(&self, event: &Event) {
        let data = Some(&event.data);
        let to_stderr = logging::append_to_file("info", &event.event, &event.message, data);
        if self.format == OutputFormat::Json {
            let line = serde_json::to_string(event).unwrap_or_default();
            self.streaming.store(true, Ordering::Relaxed);
            // A failure to write events does not end the command.
            drop(self.print_data(&format!("{line}\n")));
        } else if to_stderr {
            self.print_status(&event.message);
        }
    }

    fn part(&self, part: &Output) -> bool {
        self.streaming.store(true, Ordering::Relaxed);
        self.print_part(part)
    }

    fn progress(&self, message: &str) {
        if self.progress {
            self.print_stderr(message);
        }
    }

    fn warn(&self, message: &str) {
        self.print_warning(message);
    }

    fn ask(&self, kind: &str, question: &str) -> Result<String, Error> {
        match kind {
            "confirm" => self.confirm(question),
            "secret" => self.secret(question),
            other => Err(Error::new(
                Class::Plugin,
                "unsupported-prompt",
                format!("this version of kt does not support the prompt `{other}` of the plugin"),
            )),
        }
    }
}

impl Terminal {
    fn confirm(&self, question: &str) -> Result<String, Error> {
        if self.yes {
            return Ok("yes".to_owned());
        }
        if !self.interactive {
            return Err(Error::new(Class::Usage, "confirmation-required", question)
                .cause("the session is not interactive")
                .hint("pass `--yes` to confirm"));
        }
        self.print_stderr(&format!("{question} [y/N]"));
        let mut line = String::new();
        drop(stdin().lock().read_line(&mut line));
        if matches!(line.trim(), "y" | "Y" | "yes") {
            return Ok("yes".to_owned());
        }
        Err(Error::new(
            Class::Usage,
            "declined",
            "cancelled: nothing was changed",
        ))
    }

    fn secret(&self, prompt: &str) -> Result<String, Error> {
        let terminal = tcgetattr(stdin()).ok();
        let Some(attributes) = terminal else {
            let mut text = String::new();
            stdin()
                .lock()
                .take(MAX_SECRET)
                .read_to_string(&mut text)
                .map_err(stdin_error)?;
            return Ok(text.trim_end_matches(['\n', '\r']).to_owned());
        };
        if !self.interactive {
            return Err(Error::new(
                Class::Usage,
                "secret-required",
                "a secret is required, and the session is not interactive",
            )
            .hint("pass the secret on standard input"));
        }
        self.print_stderr(prompt);
        let mut without_echo = attributes.clone();
        without_echo.local_modes.remove(LocalModes::ECHO);
        tcsetattr(stdin(), OptionalActions::Now, &without_echo).map_err(stdin_error)?;
        let mut text = String::new();
        let read = stdin().lock().read_line(&mut text);
        let restored = tcsetattr(stdin(), OptionalActions::Now, &attributes);
        read.map_err(stdin_error)?;
        restored.map_err(stdin_error)?;
        Ok(text.trim_end_matches(['\n', '\r']).to_owned())
    }
}

fn stdin_error(e: impl std::fmt::Display) -> Error {
    Error::new(Class::Usage, "input-failed", "cannot read standard input").cause(e)
}

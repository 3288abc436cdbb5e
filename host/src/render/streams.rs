//! The talk of a running command, and its questions.

use super::terminal::Terminal;
use crate::cli::Format;
use crate::services::Streams;
use crate::supervision;
use kt_plugin_api::{Class, Error, Event, Output};
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use std::io::{BufRead, Read, stdin};
use std::sync::atomic::Ordering;

/// A secret longer than this is a mistake, such as a wrong file.
const MAX_SECRET: u64 = 64 * 1024;

impl Streams for Terminal {
    fn event(&self, event: &Event) {
        let data = Some(&event.data);
        let echoed = supervision::log_line("info", &event.event, &event.message, data);
        if self.format == Format::Json {
            let line = serde_json::to_string(event).unwrap_or_default();
            self.lines.store(true, Ordering::Relaxed);
            // When nobody reads the events, the command goes on all the same.
            drop(self.data(&format!("{line}\n")));
        } else if echoed {
            self.status(&event.message);
        }
    }

    fn part(&self, part: &Output) -> bool {
        self.lines.store(true, Ordering::Relaxed);
        self.take_part(part)
    }

    fn progress(&self, message: &str) {
        if self.progress {
            self.talk(message);
        }
    }

    fn warn(&self, message: &str) {
        self.warning(message);
    }

    fn ask(&self, kind: &str, question: &str) -> Result<String, Error> {
        match kind {
            "confirm" => self.confirm(question),
            "secret" => self.secret(question),
            other => Err(Error::new(
                Class::Plugin,
                "unknown-question",
                format!("the plugin asks in a way this kt does not know: `{other}`"),
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
            return Err(Error::new(Class::Usage, "confirmation-needed", question)
                .cause("nobody can be asked here")
                .hint("pass `--yes` to go ahead"));
        }
        self.talk(&format!("{question} [y/N]"));
        let mut line = String::new();
        drop(stdin().lock().read_line(&mut line));
        if matches!(line.trim(), "y" | "Y" | "yes") {
            return Ok("yes".to_owned());
        }
        Err(Error::new(
            Class::Usage,
            "declined",
            "nothing was changed: the answer was no",
        ))
    }

    fn secret(&self, prompt: &str) -> Result<String, Error> {
        let terminal = tcgetattr(stdin()).ok();
        let Some(shown) = terminal else {
            let mut text = String::new();
            stdin()
                .lock()
                .take(MAX_SECRET)
                .read_to_string(&mut text)
                .map_err(unreadable)?;
            return Ok(text.trim_end_matches(['\n', '\r']).to_owned());
        };
        if !self.interactive {
            return Err(Error::new(
                Class::Usage,
                "secret-needed",
                "a secret is needed, and nobody can be asked",
            )
            .hint("give it on standard input"));
        }
        self.talk(prompt);
        let mut hidden = shown.clone();
        hidden.local_modes.remove(LocalModes::ECHO);
        tcsetattr(stdin(), OptionalActions::Now, &hidden).map_err(unreadable)?;
        let mut text = String::new();
        let read = stdin().lock().read_line(&mut text);
        let restored = tcsetattr(stdin(), OptionalActions::Now, &shown);
        read.map_err(unreadable)?;
        restored.map_err(unreadable)?;
        Ok(text.trim_end_matches(['\n', '\r']).to_owned())
    }
}

fn unreadable(e: impl std::fmt::Display) -> Error {
    Error::new(
        Class::Usage,
        "unreadable-input",
        "standard input cannot be read",
    )
    .cause(e)
}

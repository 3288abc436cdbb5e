//! Events, progress and prompts of a running command.

use super::terminal::Terminal;
use crate::logging;
use crate::options::OutputFormat;
use crate::runtime::{Console, PromptRequest};
use kt_plugin_api::{Class, Error, Event, Output, printable, printable_json, printable_line};
use std::sync::atomic::Ordering;

impl Console for Terminal {
    fn event(&self, event: &Event) {
        let data = Some(&event.data);
        let to_stderr = logging::append_to_file("info", &event.event, &event.message, data);
        if self.format == OutputFormat::Json {
            self.streaming.store(true, Ordering::Relaxed);
            let text = match &self.selection {
                Some(selection) => {
                    let event = serde_json::to_value(event).unwrap_or_default();
                    self.selected(selection, &event)
                }
                None => {
                    let line = serde_json::to_string(event).unwrap_or_default();
                    format!("{}\n", printable_json(&line))
                }
            };
            // A failure to write events does not end the command.
            drop(self.print_data(&text));
        } else if to_stderr {
            self.print_status(&printable(&event.message));
        }
    }

    fn part(&self, part: &Output) -> bool {
        self.streaming.store(true, Ordering::Relaxed);
        self.print_part(part)
    }

    fn progress(&self, message: &str) {
        self.print_progress(&printable_line(message));
    }

    fn warn(&self, message: &str) {
        self.print_warning(message);
    }

    fn ask(&self, prompt: &PromptRequest<'_>) -> Result<String, Error> {
        match prompt.kind {
            "confirm" => self.confirm(prompt),
            "secret" => self.secret(prompt),
            other => Err(Error::new(
                Class::Plugin,
                "unsupported-prompt",
                format!("this version of kt does not support the prompt `{other}` of the plugin"),
            )),
        }
    }
}

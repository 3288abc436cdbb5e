//! Parts of a result, and what comes of a command whose parts nobody takes any more.

use super::terminal::Terminal;
use super::views::output_lost;
use kt_plugin_api::{Class, Error, Output};
use std::io::ErrorKind;

/// Why no more parts are written.
#[derive(Debug)]
pub(crate) enum Lost {
    /// Whoever read them had enough.
    Reader,
    /// They cannot be written, as on a full disk.
    Stream(Error),
}

impl Terminal {
    /// Writes a part; `false` when that cannot be, now or ever since.
    pub(super) fn take_part(&self, part: &Output) -> bool {
        if self.lost.get().is_some() {
            return false;
        }
        let Err(lost) = self.write_part(part) else {
            self.notes(part);
            return true;
        };
        // Another thread may have met the same: the first reason stands.
        drop(self.lost.set(lost));
        false
    }

    fn write_part(&self, part: &Output) -> Result<(), Lost> {
        let text = self.text(part).map_err(Lost::Stream)?;
        self.write(&text).map_err(|error| match error.kind() {
            ErrorKind::BrokenPipe => Lost::Reader,
            _ => Lost::Stream(output_lost(&error)),
        })
    }

    /// What a command came to. `None` is a quiet end: its reader had enough, and that was why it
    /// ended.
    ///
    /// # Errors
    /// The command's own, or that its parts could not be written, which is why it ended.
    pub(crate) fn conclude(&self, result: Result<Output, Error>) -> Result<Option<Output>, Error> {
        match self.lost.get() {
            Some(Lost::Stream(error)) => Err(error.clone()),
            Some(Lost::Reader) if was_interrupted(&result) => Ok(None),
            Some(Lost::Reader) | None => result.map(Some),
        }
    }
}

fn was_interrupted(result: &Result<Output, Error>) -> bool {
    match result {
        Ok(output) => output.outcome.as_deref() == Some(Class::Interrupted.name()),
        Err(error) => error.class == Class::Interrupted,
    }
}

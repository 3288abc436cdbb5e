//! Parts of a result, and the result of a command whose parts cannot be written.

use super::closed_output::{ClosedOutput, write_error};
use super::terminal::Terminal;
use kt_plugin_api::{Class, Error, Output};
use std::io::ErrorKind;

impl Terminal {
    /// Writes a part. Returns `false` if this or an earlier part could not be written.
    pub(super) fn print_part(&self, part: &Output) -> bool {
        if self.closed.get().is_some() {
            return false;
        }
        let Err(closed) = self.write_part(part) else {
            self.print_notes(part);
            return true;
        };
        // Another thread may have set the reason before; the first one is kept.
        drop(self.closed.set(closed));
        false
    }

    fn write_part(&self, part: &Output) -> Result<(), ClosedOutput> {
        let text = match self.part_layout.lock() {
            Ok(mut layout) => self.format_output(part, &mut layout),
            // Another thread has panicked while it formatted a part.
            Err(_) => self.format_output(part, &mut None),
        };
        let text = text.map_err(ClosedOutput::Failed)?;
        self.write(&text).map_err(|error| match error.kind() {
            ErrorKind::BrokenPipe => ClosedOutput::ByReader,
            _ => ClosedOutput::Failed(write_error(&error)),
        })
    }

    /// Returns the result of a command; `None` if it ended because the reader closed
    /// the pipe.
    ///
    /// # Errors
    /// The error of the command, or the error of writing its parts, which ended it.
    pub(crate) fn final_result(
        &self,
        result: Result<Output, Error>,
    ) -> Result<Option<Output>, Error> {
        self.clear_progress();
        match self.closed.get() {
            Some(ClosedOutput::Failed(error)) => Err(error.clone()),
            Some(ClosedOutput::ByReader) if was_interrupted(&result) => Ok(None),
            Some(ClosedOutput::ByReader) | None => result.map(Some),
        }
    }
}

fn was_interrupted(result: &Result<Output, Error>) -> bool {
    match result {
        Ok(output) => output.outcome.as_deref() == Some(Class::Interrupted.name()),
        Err(error) => error.class == Class::Interrupted,
    }
}

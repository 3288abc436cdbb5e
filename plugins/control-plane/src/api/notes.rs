//! Rows of the trail about what changes nothing in the store.

use super::Api;
use super::refusal::Refusal;
use crate::store::{Change, Note};

/// Writes notes where they do not have to wait for a turn that never comes: changes of a server
/// follow each other so closely that nobody else gets the file.
pub(crate) trait Notes: Send + Sync {
    /// Writes a note.
    ///
    /// # Errors
    /// When it is not written.
    fn note(&self, change: Change, note: Note) -> Result<(), Refusal>;
}

impl Api {
    /// Writes a row of the trail. Blocks.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub(crate) fn note(&self, change: Change, note: Note) -> Result<(), Refusal> {
        match self.notes() {
            Some(notes) => notes.note(change, note),
            None => self.explained(self.store().note(&change, &note)),
        }
    }
}

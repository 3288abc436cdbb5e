//! What a server writes by itself: rows of the trail about what changes nothing in the store, and
//! when tokens were used.

use super::Api;
use super::refusal::Refusal;
use crate::store::{AuditEvent, ChangeContext, TokenUse};

/// Writes such things where they do not have to wait for a turn that never comes: changes of a server
/// follow each other so closely that nobody else gets the file.
pub(crate) trait Notes: Send + Sync {
    /// Writes a note.
    ///
    /// # Errors
    /// When it is not written.
    fn note(&self, change: ChangeContext, note: AuditEvent) -> Result<(), Refusal>;

    /// Remembers when tokens were last used.
    ///
    /// # Errors
    /// When that is not written.
    fn used(&self, uses: Vec<TokenUse>) -> Result<(), Refusal>;
}

impl Api {
    /// Writes a row of the trail. Blocks.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub(crate) fn note(&self, change: ChangeContext, note: AuditEvent) -> Result<(), Refusal> {
        match self.notes() {
            Some(notes) => notes.note(change, note),
            None => self.explained(self.store().record_audit_event(&change, &note)),
        }
    }

    /// Remembers when tokens were last used. Blocks.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub(crate) fn used(&self, uses: Vec<TokenUse>) -> Result<(), Refusal> {
        match self.notes() {
            Some(notes) => notes.used(uses),
            None => self.explained(self.store().record_token_uses(&uses)),
        }
    }
}

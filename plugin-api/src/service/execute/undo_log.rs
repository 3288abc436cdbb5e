//! What was done, so that it can be taken back.

use super::Runner;
use super::program::execute;
use crate::service::ExecSpec;
use std::path::PathBuf;

/// A file as it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FileSnapshot {
    pub(super) path: PathBuf,
    /// Mode and bytes; `None` when there was no file.
    pub(super) content: Option<(u32, Vec<u8>)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    description: String,
    before: Option<FileSnapshot>,
    undo: Vec<ExecSpec>,
}

/// The way back from a plan that was applied.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UndoLog {
    entries: Vec<Entry>,
}

impl UndoLog {
    pub(super) fn record(
        &mut self,
        description: &str,
        before: Option<FileSnapshot>,
        undo: &[ExecSpec],
    ) {
        if before.is_some() || !undo.is_empty() {
            self.entries.push(Entry {
                description: description.to_owned(),
                before,
                undo: undo.to_vec(),
            });
        }
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    pub(super) fn truncate(&mut self, len: usize) {
        self.entries.truncate(len);
    }

    /// Appends description was done later.
    pub fn extend(&mut self, later: Self) {
        self.entries.extend(later.entries);
    }

    /// Takes everything back, the last first. A part that cannot be taken back
    /// does not keep the others from it; description remains is returned, for people.
    #[must_use]
    pub fn undo(self, runner: &dyn Runner) -> Vec<String> {
        let mut left = Vec::new();
        for entry in self.entries.into_iter().rev() {
            if let Some(before) = &entry.before
                && let Err(error) = restore(runner, before)
            {
                left.push(format!(
                    "{}: {}: {error}",
                    entry.description,
                    before.path.display()
                ));
            }
            for run in &entry.undo {
                if let Err(why) = execute(runner, run, false) {
                    left.push(format!(
                        "{}: `{}` {why}",
                        entry.description,
                        run.argv.join(" ")
                    ));
                }
            }
        }
        left
    }
}

fn restore(runner: &dyn Runner, before: &FileSnapshot) -> std::io::Result<()> {
    match &before.content {
        Some((mode, bytes)) => runner.write(&before.path, *mode, bytes),
        None => runner.remove(&before.path).map(drop),
    }
}

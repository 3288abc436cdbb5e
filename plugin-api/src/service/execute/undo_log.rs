//! The undo log of a plan.

use super::Runner;
use super::program::execute;
use crate::service::ExecSpec;
use std::path::PathBuf;

/// The state of a file before a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FileSnapshot {
    pub(super) path: PathBuf,
    /// Mode and bytes; `None` if there was no file.
    pub(super) content: Option<(u32, Vec<u8>)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Entry {
    description: String,
    file: Option<FileSnapshot>,
    undo: Vec<ExecSpec>,
}

/// Reverts the steps of a plan.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UndoLog {
    entries: Vec<Entry>,
}

impl UndoLog {
    pub(super) fn record(
        &mut self,
        description: &str,
        file: Option<FileSnapshot>,
        undo: &[ExecSpec],
    ) {
        if file.is_some() || !undo.is_empty() {
            self.entries.push(Entry {
                description: description.to_owned(),
                file,
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

    /// Appends the log of a later plan.
    pub fn extend(&mut self, later: Self) {
        self.entries.extend(later.entries);
    }

    /// Reverts all steps in reverse order. A failure does not stop the others;
    /// returns the messages of all failures.
    #[must_use]
    pub fn undo(self, runner: &dyn Runner) -> Vec<String> {
        let mut failures = Vec::new();
        for entry in self.entries.into_iter().rev() {
            let description = &entry.description;
            let restored = entry.file.iter().map(|file| (file, restore(runner, file)));
            for (file, error) in restored.filter_map(|(f, r)| Some((f, r.err()?))) {
                failures.push(format!("{description}: {}: {error}", file.path.display()));
            }
            for exec in &entry.undo {
                if let Err(error) = execute(runner, exec, false) {
                    failures.push(format!("{description}: `{}` {error}", exec.argv.join(" ")));
                }
            }
        }
        failures
    }
}

fn restore(runner: &dyn Runner, file: &FileSnapshot) -> std::io::Result<()> {
    match &file.content {
        Some((mode, bytes)) => runner.write(&file.path, *mode, bytes),
        None => runner.remove(&file.path).map(drop),
    }
}

//! Writes the files of a template: all of them or none, and none over another.

use kt_plugin_api::{Class, Error};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A file to be written.
pub(super) struct Target {
    /// As it is shown to the person.
    pub(super) shown: String,
    /// Where it goes.
    pub(super) path: PathBuf,
    /// What goes in.
    pub(super) content: &'static str,
}

/// Asserts that nothing is where the files go.
///
/// # Errors
/// Class `conflict`, with everything that is there already.
pub(super) fn check(targets: &[Target]) -> Result<(), Error> {
    let mut there: Vec<String> = targets.iter().filter_map(in_the_way).collect();
    there.dedup();
    if there.is_empty() {
        return Ok(());
    }
    let message = match there.as_slice() {
        [one] => format!("`{one}` exists already"),
        several => format!("`{}` exist already", several.join("`, `")),
    };
    Err(Error::new(Class::Conflict, "file-exists", message)
        .hint("nothing was written; choose another folder with `--dir`, or move the files away")
        .data("files", there))
}

/// What is where a file goes: a file of its name, or one in the place of its
/// folder.
fn in_the_way(target: &Target) -> Option<String> {
    if target.path.symlink_metadata().is_ok() {
        return Some(target.shown.clone());
    }
    let folder = target.path.parent()?.metadata().ok()?;
    let shown = Path::new(&target.shown).parent()?;
    (!folder.is_dir()).then(|| shown.display().to_string())
}

/// Writes the files, each under another name first.
///
/// # Errors
/// Class `conflict` as [`check`]; class `usage` when a file cannot be written.
/// What was written before is taken away again.
pub(super) fn write(targets: &[Target]) -> Result<(), Error> {
    check(targets)?;
    let mut drafts = Drafts::default();
    for target in targets {
        drafts
            .draft(target)
            .map_err(|error| unwritable(target, &error))?;
    }
    drafts.keep(targets)
}

/// Files under other names, and those that have got their names. Whatever is
/// left when it is dropped is taken away.
#[derive(Default)]
struct Drafts(Vec<PathBuf>);

impl Drafts {
    fn draft(&mut self, target: &Target) -> io::Result<()> {
        let folder = target.path.parent().unwrap_or(Path::new(""));
        fs::create_dir_all(folder)?;
        let name = target.path.file_name().unwrap_or_default();
        let name = format!(".{}.{}", name.to_string_lossy(), std::process::id());
        let path = folder.join(name);
        let mut file = File::create_new(&path)?;
        self.0.push(path);
        file.write_all(target.content.as_bytes())?;
        file.sync_all()
    }

    fn keep(mut self, targets: &[Target]) -> Result<(), Error> {
        // Something may have come while the drafts were written.
        check(targets)?;
        for (draft, target) in self.0.iter_mut().zip(targets) {
            fs::rename(&*draft, &target.path).map_err(|error| unwritable(target, &error))?;
            draft.clone_from(&target.path);
        }
        self.0.clear();
        Ok(())
    }
}

impl Drop for Drafts {
    fn drop(&mut self) {
        for path in &self.0 {
            drop(fs::remove_file(path));
        }
    }
}

fn unwritable(target: &Target, error: &io::Error) -> Error {
    let message = format!("cannot write `{}`", target.shown);
    Error::new(Class::Usage, "unwritable-file", message).cause(error)
}

//! `--output-file`: a file that only its owner can read, there whole or not at all.

use kt_plugin_api::{Class, Error, Invocation};
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// A file under another name, until the secret is in it. Removed when it is dropped before.
pub(super) struct Draft {
    file: File,
    draft: PathBuf,
    path: PathBuf,
}

impl Draft {
    /// Makes the draft beside `--output-file`, if that was given.
    ///
    /// # Errors
    /// Class `conflict` when the file is there and may not be replaced; class `usage` when its
    /// folder takes no file.
    pub(super) fn beside(invocation: &Invocation, replace: bool) -> Result<Option<Self>, Error> {
        let Some(path) = invocation.args.path("output-file") else {
            return Ok(None);
        };
        let path = invocation.absolute(&path);
        let there = fs::symlink_metadata(&path).ok();
        if there.is_some_and(|facts| !replace || !facts.is_file()) {
            return Err(Error::new(
                Class::Conflict,
                "file-exists",
                format!("`{}` exists already", path.display()),
            )
            .hint("name another file, or remove it first"));
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let draft = path.with_file_name(format!(".{name}.{}", std::process::id()));
        let file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&draft)
            .map_err(|error| unwritable(&path, &error, Class::Usage))?;
        Ok(Some(Self { file, draft, path }))
    }

    /// Writes the secret and gives the file its name.
    ///
    /// # Errors
    /// Class `unknown-effect`: what the secret opens has been made.
    pub(super) fn keep(mut self, secret: &str) -> Result<PathBuf, Error> {
        let written = writeln!(self.file, "{secret}")
            .and_then(|()| self.file.sync_all())
            .and_then(|()| fs::rename(&self.draft, &self.path));
        written.map_err(|error| unwritable(&self.path, &error, Class::UnknownEffect))?;
        Ok(self.path.clone())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        // After `keep` there is none of this name.
        drop(fs::remove_file(&self.draft));
    }
}

fn unwritable(path: &Path, error: &std::io::Error, class: Class) -> Error {
    let message = format!("cannot write `{}`", path.display());
    Error::new(class, "unwritable-file", message).cause(error)
}

//! `--output-file`: a file that only its owner can read, there whole or not at all.

use kt_control_api::{PrivateTempFile, Token};
use kt_plugin_api::{Class, Error, Invocation};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// A file that is to get a secret. Nothing is left of it when it is dropped before.
pub(crate) struct Draft {
    draft: PrivateTempFile,
    path: PathBuf,
}

impl Draft {
    /// Makes the draft beside `--output-file`, if that was given.
    ///
    /// # Errors
    /// Class `conflict` when the file is there and may not be replaced; class `usage` when its
    /// folder takes no file.
    pub(crate) fn beside(invocation: &Invocation, replace: bool) -> Result<Option<Self>, Error> {
        let Some(path) = invocation.args.path("output-file") else {
            return Ok(None);
        };
        let path = invocation.resolve_path(&path);
        let there = fs::symlink_metadata(&path).ok();
        if there.is_some_and(|facts| !replace || !facts.is_file()) {
            return Err(Error::new(
                Class::Conflict,
                "file-exists",
                format!("`{}` exists already", path.display()),
            )
            .hint("name another file, or remove it first"));
        }
        let draft = PrivateTempFile::beside(&path)
            .map_err(|error| unwritable(&path, &error, Class::Usage))?;
        Ok(Some(Self { draft, path }))
    }

    /// Writes the secret and gives the file its name.
    ///
    /// # Errors
    /// Class `unknown-effect`: what the secret opens has been made.
    fn keep(self, secret: &str) -> Result<PathBuf, Error> {
        let Self { draft, path } = self;
        let written = draft
            .open()
            .and_then(|mut file| writeln!(file, "{secret}"))
            .and_then(|()| draft.keep(&path));
        written.map_err(|error| unwritable(&path, &error, Class::UnknownEffect))?;
        Ok(path)
    }
}

/// A token that was made: the file it was written to, or, without one, itself. With the key under
/// which a result has that.
///
/// # Errors
/// As [`Draft::keep`].
pub(crate) fn kept(token: &Token, draft: Option<Draft>) -> Result<(&'static str, String), Error> {
    Ok(match draft {
        Some(draft) => {
            let path = draft.keep(token.expose())?;
            ("output_file", path.display().to_string())
        }
        None => ("token", token.expose().to_owned()),
    })
}

fn unwritable(path: &Path, error: &std::io::Error, class: Class) -> Error {
    let message = format!("cannot write `{}`", path.display());
    Error::new(class, "unwritable-file", message).cause(error)
}

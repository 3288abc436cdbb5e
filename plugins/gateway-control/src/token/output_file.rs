//! `--output-file`: a private file for a token, which is written completely or not at all.

use kt_control_api::{PrivateTempFile, Token};
use kt_plugin_api::{Class, Error, Invocation};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

/// The output file. Until the token is stored, it is a temporary file that is removed on drop.
pub(crate) struct OutputFile {
    temporary: PrivateTempFile,
    path: PathBuf,
}

impl OutputFile {
    /// Creates the temporary file for `path`, the value of `--output-file`.
    ///
    /// # Errors
    /// Class `conflict` if the file exists and may not be replaced; class `usage` if its directory is
    /// not writable.
    pub(crate) fn create(
        invocation: &Invocation,
        path: Option<&Path>,
        replace: bool,
    ) -> Result<Option<Self>, Error> {
        let Some(path) = path else {
            return Ok(None);
        };
        let path = invocation.resolve_path(path);
        let existing = fs::symlink_metadata(&path).ok();
        if existing.is_some_and(|metadata| !replace || !metadata.is_file()) {
            return Err(Error::new(
                Class::Conflict,
                "file-exists",
                format!("`{}` already exists", path.display()),
            )
            .hint("choose another file, or remove it first"));
        }
        let temporary = PrivateTempFile::beside(&path)
            .map_err(|error| unwritable(&path, &error, Class::Usage))?;
        Ok(Some(Self { temporary, path }))
    }

    /// Writes the token and renames the file.
    ///
    /// # Errors
    /// Class `unknown-effect`: the token has been issued.
    fn store(self, token: &str) -> Result<PathBuf, Error> {
        let Self { temporary, path } = self;
        let result = temporary
            .open()
            .and_then(|mut file| writeln!(file, "{token}"))
            .and_then(|()| temporary.persist(&path));
        result.map_err(|error| unwritable(&path, &error, Class::UnknownEffect))?;
        Ok(path)
    }
}

/// Stores an issued token in the output file. Returns the key and the value for the output: the path
/// of the file, or without a file the token itself.
///
/// # Errors
/// Class `unknown-effect` if the file cannot be written.
pub(crate) fn store_token(
    token: &Token,
    output_file: Option<OutputFile>,
) -> Result<(&'static str, String), Error> {
    Ok(match output_file {
        Some(file) => {
            let path = file.store(token.expose())?;
            ("output_file", path.display().to_string())
        }
        None => ("token", token.expose().to_owned()),
    })
}

fn unwritable(path: &Path, error: &std::io::Error, class: Class) -> Error {
    let message = format!("cannot write `{}`", path.display());
    Error::new(class, "unwritable-file", message).cause(error)
}

//! The file that is edited.

use kt_plugin_api::{Class, Error};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use tempfile::TempPath;

/// A private file with a configuration, which is removed unless it is kept.
pub(super) struct Draft {
    path: TempPath,
    original: String,
}

impl Draft {
    /// Writes the configuration of a gateway to a file.
    ///
    /// # Errors
    /// If the file cannot be written.
    pub(super) fn new(gateway: &str, content: String) -> Result<Self, Error> {
        let file = tempfile::Builder::new()
            .prefix(&format!("kt-edit-{gateway}-"))
            .suffix(".yaml")
            .tempfile();
        let path = file
            .and_then(|mut file| {
                file.write_all(content.as_bytes())?;
                Ok(file.into_temp_path())
            })
            .map_err(|error| failed("cannot write a temporary file", &error))?;
        Ok(Self {
            path,
            original: content,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the edited text; `None` if it is the original one, or empty.
    ///
    /// # Errors
    /// If the file cannot be read.
    pub(super) fn edited(&self) -> Result<Option<String>, Error> {
        let text = fs::read_to_string(&self.path)
            .map_err(|error| failed("cannot read the edited file", &error))?;
        let is_change = text != self.original && !text.trim().is_empty();
        Ok(is_change.then_some(text))
    }

    /// Keeps the file if it has an edit, and adds its path to an error.
    pub(super) fn keep(self, gateway: &str, error: Error) -> Error {
        if matches!(self.edited(), Ok(None)) {
            return error;
        }
        let path = self.path.to_path_buf();
        // It is left where it is if it cannot be kept.
        let path: PathBuf = self.path.keep().unwrap_or(path);
        let path = path.display();
        error
            .hint(format!(
                "the edit is kept in `{path}`: kt gateway reload --id {gateway} --file {path}"
            ))
            .data("file", path.to_string())
    }
}

fn failed(message: &str, error: &std::io::Error) -> Error {
    Error::new(Class::Unavailable, "edit-file", message).cause(error)
}

#[cfg(test)]
mod tests {
    use super::Draft;
    use kt_plugin_api::{Class, Error};
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    fn error() -> Error {
        Error::new(Class::Usage, "declined", "declined")
    }

    #[test]
    fn only_an_edit_is_kept() {
        let draft = Draft::new("edge", "a: 1\n".to_owned()).unwrap();
        let path = draft.path().to_owned();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(draft.edited().unwrap(), None);
        assert!(draft.keep("edge", error()).hints.is_empty());
        assert!(!path.exists());

        let draft = Draft::new("edge", "a: 1\n".to_owned()).unwrap();
        let path = draft.path().to_owned();
        fs::write(&path, " \n").unwrap();
        assert_eq!(draft.edited().unwrap(), None, "it is empty");
        fs::write(&path, "a: 2\n").unwrap();
        assert_eq!(draft.edited().unwrap().as_deref(), Some("a: 2\n"));
        let kept = draft.keep("edge", error());
        assert!(kept.hints[0].contains(path.to_str().unwrap()), "{kept:?}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "a: 2\n");
        fs::remove_file(path).unwrap();
    }
}

//! The file that secrets are kept in: one JSON object, mode 0600, written by
//! rename, so that a reader sees an old or a new one.

use kt_control_api::PrivateTempFile;
use kt_plugin_api::{Class, Error};
use rustix::fs::{FlockOperation, flock};
use std::collections::BTreeMap;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// The longest value, enough for a certificate chain.
const MAX_VALUE: usize = 64 * 1024;

/// The secrets of one state directory.
pub(crate) struct Store {
    file: PathBuf,
}

impl Store {
    pub(crate) fn new(state: &Path) -> Self {
        Self {
            file: state.join("secrets.json"),
        }
    }

    /// Every secret by name.
    ///
    /// # Errors
    /// Class `settings` when the file cannot be read, is damaged, or is open to
    /// others.
    pub(crate) fn read(&self) -> Result<BTreeMap<String, String>, Error> {
        let file = match File::open(&self.file) {
            Ok(file) => file,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(BTreeMap::new()),
            Err(e) => return Err(self.broken("cannot be read", &e)),
        };
        let meta = file
            .metadata()
            .map_err(|e| self.broken("cannot be read", &e))?;
        if meta.mode() & 0o077 != 0 {
            return Err(self
                .broken(
                    "is open to others",
                    &format!("its mode is {:o}", meta.mode() & 0o777),
                )
                .hint(format!(
                    "run `chmod 600 '{}'`, and replace the secrets in it",
                    self.file.display()
                )));
        }
        // The message of the parser could quote a value: it is left out.
        serde_json::from_reader(file).map_err(|e| {
            self.broken(
                "is damaged",
                &format!("line {}, column {}", e.line(), e.column()),
            )
        })
    }

    /// Changes the secrets under a lock.
    ///
    /// # Errors
    /// As [`Store::read`], and when the file cannot be written.
    pub(crate) fn change<T>(
        &self,
        change: impl FnOnce(&mut BTreeMap<String, String>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let dir = self.file.parent().unwrap_or(Path::new("/"));
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(dir)
            .map_err(|e| self.broken("cannot be written", &e))?;
        let lock = self.open_private(&self.file.with_extension("lock"))?;
        flock(&lock, FlockOperation::LockExclusive)
            .map_err(|e| self.broken("cannot be locked", &e))?;
        let mut secrets = self.read()?;
        let result = change(&mut secrets)?;
        self.write(&secrets)?;
        Ok(result)
    }

    fn write(&self, secrets: &BTreeMap<String, String>) -> Result<(), Error> {
        let json = serde_json::to_vec(secrets).map_err(|e| self.broken("cannot be written", &e))?;
        let write = || {
            let draft = PrivateTempFile::beside(&self.file)?;
            draft.open()?.write_all(&json)?;
            draft.keep(&self.file)
        };
        write().map_err(|e: std::io::Error| self.broken("cannot be written", &e))
    }

    fn open_private(&self, path: &Path) -> Result<File, Error> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false).mode(0o600);
        options
            .open(path)
            .map_err(|e| self.broken("cannot be written", &e))
    }

    fn broken(&self, what: &str, why: &dyn std::fmt::Display) -> Error {
        let message = format!("the secret store `{}` {what}", self.file.display());
        Error::new(Class::Settings, "secret-store", message).cause(why)
    }
}

/// Refuses names that configurations could not refer to.
///
/// # Errors
/// Class `usage`.
pub(crate) fn check_name(name: &str) -> Result<(), Error> {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if name.is_empty() || name.len() > 128 || !name.chars().all(good) {
        return Err(Error::new(
            Class::Usage,
            "bad-secret-name",
            format!("`{name}` is no name for a secret"),
        )
        .hint("use letters, digits, `_`, `-` and `.`, at most 128"));
    }
    Ok(())
}

/// Refuses values that cannot be sent as a header.
///
/// # Errors
/// Class `usage`, without the value.
pub(crate) fn check_value(value: &str) -> Result<(), Error> {
    let problem = match value {
        "" => "it is empty",
        v if v.len() > MAX_VALUE => "it is longer than 64 KiB",
        _ => return Ok(()),
    };
    Err(Error::new(
        Class::Usage,
        "bad-secret-value",
        "the value cannot be stored",
    )
    .cause(problem))
}

#[cfg(test)]
mod tests {
    use super::Store;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_file_is_private_and_survives_changes() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(&dir.path().join("state"));
        store
            .change(|s| Ok(s.insert("a".to_owned(), "1".to_owned())))
            .unwrap();
        store
            .change(|s| Ok(s.insert("b".to_owned(), "2".to_owned())))
            .unwrap();
        assert_eq!(store.read().unwrap().len(), 2);
        let mode = std::fs::metadata(&store.file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn an_open_file_is_refused_and_a_damaged_one_is_not_quoted() {
        let dir = tempfile::tempdir().unwrap();
        let store = Store::new(dir.path());
        std::fs::write(&store.file, "{\"a\": canary}").unwrap();
        std::fs::set_permissions(&store.file, PermissionsExt::from_mode(0o644)).unwrap();
        assert!(store.read().unwrap_err().message.contains("open to others"));
        std::fs::set_permissions(&store.file, PermissionsExt::from_mode(0o600)).unwrap();
        let error = store.read().unwrap_err();
        assert!(error.message.contains("damaged"));
        assert!(!format!("{error:?}").contains("canary"));
    }
}

//! The file of secrets: a JSON object, mode 0600, that is replaced atomically.

use kt_control_api::PrivateTempFile;
use kt_plugin_api::{Class, Error};
use kt_policy::looks_like_secret;
use rustix::fs::{FlockOperation, flock};
use std::collections::BTreeMap;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// The maximum size of a value: enough for a long token.
const MAX_VALUE_BYTES: usize = 64 * 1024;

/// The secrets of a state directory.
pub(crate) struct SecretStore {
    file: PathBuf,
}

impl SecretStore {
    pub(crate) fn new(state: &Path) -> Self {
        Self {
            file: state.join("secrets.json"),
        }
    }

    /// Reads all secrets by name.
    ///
    /// # Errors
    /// Class `settings` if the file cannot be read, is corrupt, or is accessible by others.
    pub(crate) fn read(&self) -> Result<BTreeMap<String, String>, Error> {
        let file = match File::open(&self.file) {
            Ok(file) => file,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(BTreeMap::new()),
            Err(e) => return Err(self.error("cannot be read", &e)),
        };
        let meta = file
            .metadata()
            .map_err(|e| self.error("cannot be read", &e))?;
        if meta.mode() & 0o077 != 0 {
            return Err(self
                .error(
                    "is accessible by others",
                    &format!("its mode is {:o}", meta.mode() & 0o777),
                )
                .hint(format!(
                    "run `chmod 600 '{}'`, and rotate the secrets in it",
                    self.file.display()
                )));
        }
        // The message of the parser may quote a value, so it is omitted.
        serde_json::from_reader(file).map_err(|e| {
            self.error(
                "is corrupt",
                &format!("line {}, column {}", e.line(), e.column()),
            )
        })
    }

    /// Updates the secrets under a lock.
    ///
    /// # Errors
    /// As [`SecretStore::read`], and if the file cannot be written.
    pub(crate) fn update<T>(
        &self,
        update: impl FnOnce(&mut BTreeMap<String, String>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let dir = self.file.parent().unwrap_or(Path::new("/"));
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(dir)
            .map_err(|e| self.error("cannot be written", &e))?;
        let lock = self.open_lock_file(&self.file.with_extension("lock"))?;
        flock(&lock, FlockOperation::LockExclusive)
            .map_err(|e| self.error("cannot be locked", &e))?;
        let mut secrets = self.read()?;
        let result = update(&mut secrets)?;
        self.write(&secrets)?;
        Ok(result)
    }

    fn write(&self, secrets: &BTreeMap<String, String>) -> Result<(), Error> {
        let json = serde_json::to_vec(secrets).map_err(|e| self.error("cannot be written", &e))?;
        let write = || {
            let file = PrivateTempFile::beside(&self.file)?;
            file.open()?.write_all(&json)?;
            file.persist(&self.file)
        };
        write().map_err(|e: std::io::Error| self.error("cannot be written", &e))
    }

    fn open_lock_file(&self, path: &Path) -> Result<File, Error> {
        let mut options = OpenOptions::new();
        options.write(true).create(true).truncate(false).mode(0o600);
        options
            .open(path)
            .map_err(|e| self.error("cannot be written", &e))
    }

    fn error(&self, problem: &str, source: &dyn std::fmt::Display) -> Error {
        let message = format!("the secret store `{}` {problem}", self.file.display());
        Error::new(Class::Settings, "secret-store", message).cause(source)
    }
}

/// Checks the name of a secret: a configuration must be able to refer to it.
///
/// # Errors
/// Class `usage`.
pub(crate) fn check_name(name: &str) -> Result<(), Error> {
    if looks_like_secret(name) {
        return Err(Error::new(
            Class::Usage,
            "invalid-secret-name",
            "the name looks like a secret itself",
        )
        .hint("pass the value on standard input, and a name such as `openai` with `--name`")
        .hint(
            "a value that was passed as an argument may be in the history of the shell: rotate it",
        ));
    }
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if name.is_empty() || name.len() > 128 || !name.chars().all(allowed) {
        return Err(Error::new(
            Class::Usage,
            "invalid-secret-name",
            format!("`{name}` is not a valid name of a secret"),
        )
        .hint("use at most 128 letters, digits, `_`, `-` and `.`"));
    }
    Ok(())
}

/// Checks the value of a secret.
///
/// # Errors
/// Class `usage`, without the value.
pub(crate) fn check_value(value: &str) -> Result<(), Error> {
    let problem = match value {
        "" => "it is empty",
        v if v.len() > MAX_VALUE_BYTES => "it is longer than 64 KiB",
        // It becomes the value of an HTTP header.
        v if v.contains(['\n', '\r']) => "it contains a line break",
        v if v.chars().any(char::is_control) => "it contains a control character",
        _ => return Ok(()),
    };
    Err(Error::new(
        Class::Usage,
        "invalid-secret-value",
        "the value cannot be stored",
    )
    .cause(problem))
}

#[cfg(test)]
mod tests {
    use super::{SecretStore, check_name, check_value};
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_value_that_cannot_be_sent_is_rejected_without_being_quoted() {
        for value in ["", "canary\nx", "canary\rx", "canary\0", "canary\u{7f}"] {
            let error = check_value(value).unwrap_err();
            assert!(!format!("{error:?}").contains("canary"), "{error:?}");
        }
        check_value("sk-x y=").unwrap();
    }

    #[test]
    fn a_secret_as_a_name_is_rejected_without_being_quoted() {
        for name in ["sk-canary", "gsk_canary0123456789"] {
            let error = check_name(name).unwrap_err();
            assert!(!format!("{error:?}").contains("canary"), "{error:?}");
        }
        check_name("openai").unwrap();
    }

    #[test]
    fn the_file_is_private_after_updates() {
        let dir = tempfile::tempdir().unwrap();
        let store = SecretStore::new(&dir.path().join("state"));
        store
            .update(|s| Ok(s.insert("a".to_owned(), "1".to_owned())))
            .unwrap();
        store
            .update(|s| Ok(s.insert("b".to_owned(), "2".to_owned())))
            .unwrap();
        assert_eq!(store.read().unwrap().len(), 2);
        let mode = std::fs::metadata(&store.file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn an_accessible_file_is_rejected_and_a_corrupt_one_is_not_quoted() {
        let dir = tempfile::tempdir().unwrap();
        let store = SecretStore::new(dir.path());
        std::fs::write(&store.file, "{\"a\": canary}").unwrap();
        std::fs::set_permissions(&store.file, PermissionsExt::from_mode(0o644)).unwrap();
        assert!(
            store
                .read()
                .unwrap_err()
                .message
                .contains("accessible by others")
        );
        std::fs::set_permissions(&store.file, PermissionsExt::from_mode(0o600)).unwrap();
        let error = store.read().unwrap_err();
        assert!(error.message.contains("corrupt"));
        assert!(!format!("{error:?}").contains("canary"));
    }
}

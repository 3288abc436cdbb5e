//! The sources of the password of the database. Arguments are not among them.

use std::fs;
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::address::DatabaseAddress;
use super::password::{Password, PasswordError};

/// The sources of the password, in the order of precedence.
#[derive(Debug, Clone, Default)]
pub struct PasswordSources {
    /// A file that holds only the password, and must exist.
    pub file: Option<PathBuf>,
    /// Environment variables, in the order of precedence.
    pub environment: Vec<Password>,
    /// A password file of PostgreSQL, which may be missing.
    pub pgpass: Option<PathBuf>,
}

impl PasswordSources {
    /// Returns the password for a database, reading files with `read_file`; `None` when no source has one.
    ///
    /// # Errors
    /// When a file cannot be read, or others may read it.
    pub fn find(
        &self,
        address: &DatabaseAddress,
        read_file: impl Fn(&Path) -> io::Result<Vec<u8>>,
    ) -> Result<Option<Password>, PasswordError> {
        let read = |path: &Path| {
            check_mode(path)?;
            String::from_utf8(read_file(path)?).map_err(io::Error::other)
        };
        if let Some(path) = &self.file {
            let text = read(path).map_err(|source| failed(path, source))?;
            return Ok(Some(Password::new(
                text.trim_end_matches(['\r', '\n']).to_owned(),
            )));
        }
        if let Some(password) = self.environment.first() {
            return Ok(Some(password.clone()));
        }
        let Some(path) = &self.pgpass else {
            return Ok(None);
        };
        match read(path) {
            Ok(text) => Ok(text
                .lines()
                .find_map(|line| entry(line, &address.password_file_fields()))),
            Err(source) if source.kind() == ErrorKind::NotFound => Ok(None),
            Err(source) => Err(failed(path, source)),
        }
    }
}

fn failed(path: &Path, source: io::Error) -> PasswordError {
    PasswordError {
        path: path.to_owned(),
        source,
    }
}

fn check_mode(path: &Path) -> Result<(), io::Error> {
    if fs::metadata(path)?.mode() & 0o077 != 0 {
        return Err(io::Error::other(
            "others may read it; run `chmod 600` on it",
        ));
    }
    Ok(())
}

/// Returns the password of a line `host:port:database:user:password` that matches the database. `*`
/// matches anything; `\\` escapes a colon or another `\\`.
fn entry(line: &str, fields: &[String; 4]) -> Option<Password> {
    if line.starts_with('#') {
        return None;
    }
    let mut rest = line.chars();
    for expected in fields {
        let (field, ended) = field(&mut rest);
        if !ended || (field != "*" && field != *expected) {
            return None;
        }
    }
    Some(Password::new(field(&mut rest).0))
}

/// Reads up to a colon. Also returns whether there was one.
fn field(rest: &mut std::str::Chars<'_>) -> (String, bool) {
    let mut text = String::new();
    while let Some(next) = rest.next() {
        match next {
            ':' => return (text, true),
            '\\' => text.extend(rest.next()),
            other => text.push(other),
        }
    }
    (text, false)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::{Password, PasswordSources};
    use crate::store::DatabaseAddress;

    fn address() -> DatabaseAddress {
        DatabaseAddress::parse("postgres://kt@127.0.0.1:5433/main").unwrap()
    }

    fn found(sources: &PasswordSources) -> Option<String> {
        let found = sources.find(&address(), |path| fs::read(path)).unwrap();
        found.map(|password| password.expose().to_owned())
    }

    #[test]
    fn a_password_file_is_read_as_libpq_reads_it() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("pgpass");
        let sources = PasswordSources {
            pgpass: Some(path.clone()),
            ..PasswordSources::default()
        };
        assert_eq!(found(&sources), None, "there is no file");
        for (text, expected) in [
            ("127.0.0.1:5433:main:kt:one", Some("one")),
            ("#127.0.0.1:5433:main:kt:one\n*:*:*:*:two", Some("two")),
            (
                "127.0.0.1:5432:main:kt:one\n*:5433:*:kt:a\\:b\\\\c",
                Some("a:b\\c"),
            ),
            ("127.0.0.1:5433:main:other:one", None),
            ("nonsense\n", None),
        ] {
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
            assert_eq!(found(&sources).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn the_configured_file_takes_precedence_and_must_be_private() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("password");
        let mut sources = PasswordSources {
            environment: vec![Password::new("from outside".to_owned())],
            ..PasswordSources::default()
        };
        assert_eq!(found(&sources).as_deref(), Some("from outside"));
        sources.file = Some(path.clone());
        assert!(
            sources.find(&address(), |path| fs::read(path)).is_err(),
            "it must exist"
        );
        fs::write(&path, "hunter2\n").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        let error = sources
            .find(&address(), |path| fs::read(path))
            .unwrap_err()
            .to_string();
        assert!(error.contains("chmod 600") && !error.contains("hunter2"));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(found(&sources).as_deref(), Some("hunter2"));
        assert!(!format!("{sources:?}").contains("from outside"));
    }
}

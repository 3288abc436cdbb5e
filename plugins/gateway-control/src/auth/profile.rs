//! The file of a profile, `profiles/NAME.toml`. This module writes it, the host reads it.

use crate::private_file;
use kt_plugin_api::{Class, Error, Invocation};
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// The profile that the host uses by default.
const DEFAULT_PROFILE: &str = "default";
const MAX_NAME: usize = 128;
/// The variable that takes precedence over every profile.
const TOKEN_VARIABLE: &str = "KEEPTRUSTS_API_TOKEN";

/// The file of a profile, which may not exist yet. It may contain a token, so it does not implement
/// `Debug`.
pub(super) struct ProfileFile {
    pub(super) name: String,
    pub(super) path: PathBuf,
    table: Table,
}

impl ProfileFile {
    /// Opens the file of the active profile, or of the default profile.
    ///
    /// # Errors
    /// Class `settings` if the name is not valid for a file, or the file is not private or not valid.
    pub(super) fn open(invocation: &Invocation) -> Result<Self, Error> {
        let name = invocation.profile.as_deref().unwrap_or(DEFAULT_PROFILE);
        Self::named(&invocation.dirs.config, name)
    }

    /// Opens the file of a profile.
    ///
    /// # Errors
    /// As [`ProfileFile::open`].
    pub(super) fn named(config: &Path, name: &str) -> Result<Self, Error> {
        check_name(name)?;
        let path = profiles_directory(config).join(format!("{name}.toml"));
        let text = private_file::read(&path, Class::Settings)?.unwrap_or_default();
        // The message of the parser may quote a token, so it is omitted.
        let table = toml::from_str(&text).map_err(|_| {
            let message = format!("`{}` is not valid TOML", path.display());
            Error::new(Class::Settings, "invalid-settings", message)
        })?;
        Ok(Self {
            name: name.to_owned(),
            path,
            table,
        })
    }

    pub(super) fn token(&self) -> Option<&str> {
        api_value(&self.table, "token")
    }

    pub(super) fn url(&self) -> Option<&str> {
        api_value(&self.table, "url")
    }

    pub(super) fn ca_file(&self) -> Option<&str> {
        api_value(&self.table, "ca_file")
    }

    /// Stores a login and keeps all other settings. The CA file belongs to the login: without one, a
    /// previous CA file is removed.
    ///
    /// # Errors
    /// Class `settings` if the file cannot be written.
    pub(super) fn log_in(
        mut self,
        url: &str,
        token: &str,
        ca_file: Option<&Path>,
    ) -> Result<(), Error> {
        let ca_file = ca_file.map(|path| path_text(path)).transpose()?;
        let api = self
            .table
            .entry("api")
            .or_insert_with(|| Value::Table(Table::new()));
        if !api.is_table() {
            *api = Value::Table(Table::new());
        }
        if let Some(api) = api.as_table_mut() {
            api.insert("url".to_owned(), url.into());
            api.insert("token".to_owned(), token.into());
            match ca_file {
                Some(file) => api.insert("ca_file".to_owned(), file.into()),
                None => api.remove("ca_file"),
            };
        }
        self.write()
    }

    /// Removes a login, and the file if nothing else is in it. Returns whether the file was removed.
    ///
    /// # Errors
    /// Class `settings` if the file cannot be written.
    pub(super) fn log_out(mut self) -> Result<bool, Error> {
        if let Some(api) = self.table.get_mut("api").and_then(Value::as_table_mut) {
            api.remove("token");
            // Without it the embedded store is used again.
            api.remove("url");
            api.remove("ca_file");
            if api.is_empty() {
                self.table.remove("api");
            }
        }
        if self.table.is_empty() {
            return private_file::remove(&self.path).map(|()| true);
        }
        self.write().map(|()| false)
    }

    fn write(&self) -> Result<(), Error> {
        let text = toml::to_string(&self.table)
            .map_err(|_| Error::internal("the profile cannot be serialized as TOML"))?;
        private_file::write(&self.path, &text)
    }
}

fn path_text(path: &Path) -> Result<&str, Error> {
    path.to_str().ok_or_else(|| {
        let message = format!("the path `{}` is not valid Unicode", path.display());
        Error::new(Class::Usage, "ca-file", message)
    })
}

/// Returns the directory of the files of profiles.
pub(super) fn profiles_directory(config: &Path) -> PathBuf {
    config.join("profiles")
}

/// Returns a value of the table `api`.
pub(super) fn api_value<'t>(table: &'t Table, key: &str) -> Option<&'t str> {
    table.get("api")?.get(key)?.as_str()
}

/// Returns a warning if a variable takes precedence over the token of the profile.
pub(super) fn override_warning(invocation: &Invocation) -> Option<String> {
    (invocation.origin("api.token") == Some(TOKEN_VARIABLE)).then(|| {
        format!(
            "`{TOKEN_VARIABLE}` is set and takes precedence over every profile: commands use that \
             token until it is unset"
        )
    })
}

/// Whether a name is valid for a file; the host has the same rule.
pub(super) fn is_valid_name(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    !name.is_empty()
        && name.len() <= MAX_NAME
        && !name.starts_with('.')
        && name.chars().all(allowed)
}

fn check_name(name: &str) -> Result<(), Error> {
    if is_valid_name(name) {
        return Ok(());
    }
    let message = format!("`{name}` is not a valid name for the file of a profile");
    Err(Error::new(Class::Settings, "invalid-profile-name", message)
        .hint("use at most 128 letters, digits, `.`, `_` and `-`, and no leading `.`"))
}

#[cfg(test)]
mod tests {
    use super::ProfileFile;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    #[test]
    fn login_and_logout_keep_other_keys() {
        let config = tempfile::tempdir().unwrap();
        let open = || ProfileFile::named(config.path(), "work").unwrap();
        let path = open().path;
        open().log_in("http://u", "t", None).unwrap();
        assert_eq!(
            (open().url(), open().token()),
            (Some("http://u"), Some("t"))
        );
        assert!(open().log_out().unwrap());
        assert!(!path.exists());

        let other = "[api]\nretries = 3\n\n[gateway]\ntoken = \"g\"\n";
        fs::write(&path, other).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        open().log_in("http://u", "t", None).unwrap();
        let ca = Path::new("/etc/ca.pem");
        open().log_in("http://v", "w", Some(ca)).unwrap();
        assert_eq!(open().ca_file(), ca.to_str());
        assert_eq!(
            (open().url(), open().token()),
            (Some("http://v"), Some("w"))
        );
        assert!(!open().log_out().unwrap());
        assert_eq!(fs::read_to_string(&path).unwrap(), other);
    }

    #[test]
    fn invalid_names_and_invalid_files_are_rejected() {
        let config = tempfile::tempdir().unwrap();
        for name in ["", ".a", "..", "../a", "a/b", "a b", "é"] {
            assert!(ProfileFile::named(config.path(), name).is_err(), "{name}");
        }
        let path = ProfileFile::named(config.path(), "a").unwrap().path;
        fs::create_dir(path.parent().unwrap()).unwrap();
        fs::write(&path, "[api]\ntoken = canary\n").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        let Err(error) = ProfileFile::named(config.path(), "a") else {
            panic!("the file is invalid");
        };
        assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    }
}

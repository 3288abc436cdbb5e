//! The file of a profile, `profiles/NAME.toml`: the host reads it, and this is
//! what writes it.

use crate::private;
use kt_plugin_api::{Class, Error, Invocation};
use std::path::{Path, PathBuf};
use toml::{Table, Value};

/// The profile that the host uses when nothing chooses one.
const IMPLIED: &str = "default";
const MAX_NAME: usize = 128;
/// The variable that counts before every profile.
const TOKEN_VARIABLE: &str = "KEEPTRUSTS_API_TOKEN";

/// A profile's file, which need not exist yet. It may hold a token, so it has
/// no `Debug`.
pub(super) struct ProfileFile {
    pub(super) name: String,
    pub(super) path: PathBuf,
    table: Table,
}

impl ProfileFile {
    /// The file of the profile in force, else of the one that the host would
    /// use.
    ///
    /// # Errors
    /// Class `settings` when the name cannot be that of a file, or the file is
    /// not private or damaged.
    pub(super) fn of(invocation: &Invocation) -> Result<Self, Error> {
        let name = invocation.profile.as_deref().unwrap_or(IMPLIED);
        Self::named(&invocation.dirs.config, name)
    }

    /// The file of a profile.
    ///
    /// # Errors
    /// As [`ProfileFile::of`].
    pub(super) fn named(config: &Path, name: &str) -> Result<Self, Error> {
        check_name(name)?;
        let path = folder(config).join(format!("{name}.toml"));
        let text = private::read(&path, Class::Settings)?.unwrap_or_default();
        // What the parser says could quote a token.
        let table = toml::from_str(&text).map_err(|_| {
            let message = format!("`{}` is not valid TOML", path.display());
            Error::new(Class::Settings, "bad-settings", message)
        })?;
        Ok(Self {
            name: name.to_owned(),
            path,
            table,
        })
    }

    pub(super) fn token(&self) -> Option<&str> {
        api(&self.table, "token")
    }

    pub(super) fn url(&self) -> Option<&str> {
        api(&self.table, "url")
    }

    pub(super) fn ca_file(&self) -> Option<&str> {
        api(&self.table, "ca_file")
    }

    /// Keeps a login; what else the file holds stays. Whom to trust with the server belongs to
    /// it, as does that it is nobody in particular.
    ///
    /// # Errors
    /// Class `settings` when the file cannot be written.
    pub(super) fn log_in(
        mut self,
        url: &str,
        token: &str,
        ca_file: Option<&Path>,
    ) -> Result<(), Error> {
        let ca_file = ca_file.map(|path| text_of(path)).transpose()?;
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

    /// Forgets a login, and the file when nothing else is left in it; says
    /// whether it is gone.
    ///
    /// # Errors
    /// Class `settings` when the file cannot be written.
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
            return private::remove(&self.path).map(|()| true);
        }
        self.write().map(|()| false)
    }

    fn write(&self) -> Result<(), Error> {
        let text = toml::to_string(&self.table)
            .map_err(|_| Error::internal("the profile cannot be written as TOML"))?;
        private::write(&self.path, &text)
    }
}

fn text_of(path: &Path) -> Result<&str, Error> {
    path.to_str().ok_or_else(|| {
        let message = format!("the path `{}` is not valid Unicode", path.display());
        Error::new(Class::Usage, "ca-file", message)
    })
}

/// Where profiles have their files.
pub(super) fn folder(config: &Path) -> PathBuf {
    config.join("profiles")
}

/// A value of the table `api`.
pub(super) fn api<'t>(table: &'t Table, key: &str) -> Option<&'t str> {
    table.get("api")?.get(key)?.as_str()
}

/// What to say when a variable counts before what is in the profile.
pub(super) fn overridden(invocation: &Invocation) -> Option<String> {
    (invocation.origin("api.token") == Some(TOKEN_VARIABLE)).then(|| {
        format!(
            "`{TOKEN_VARIABLE}` is set and counts before every profile: commands use that token \
             until it is unset"
        )
    })
}

/// Whether a name can be that of a file; the host has the same rule.
pub(super) fn is_name(name: &str) -> bool {
    let good = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    !name.is_empty() && name.len() <= MAX_NAME && !name.starts_with('.') && name.chars().all(good)
}

fn check_name(name: &str) -> Result<(), Error> {
    if is_name(name) {
        return Ok(());
    }
    let message = format!("the profile `{name}` can have no file of its own");
    Err(Error::new(Class::Settings, "bad-profile-name", message)
        .hint("use letters, digits, `.`, `_` and `-`, at most 128, the first no `.`"))
}

#[cfg(test)]
mod tests {
    use super::ProfileFile;
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;
    use std::path::Path;

    #[test]
    fn a_login_comes_and_goes_and_other_keys_stay() {
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
    fn neither_a_bad_name_nor_a_damaged_file_is_used() {
        let config = tempfile::tempdir().unwrap();
        for name in ["", ".a", "..", "../a", "a/b", "a b", "é"] {
            assert!(ProfileFile::named(config.path(), name).is_err(), "{name}");
        }
        let path = ProfileFile::named(config.path(), "a").unwrap().path;
        fs::create_dir(path.parent().unwrap()).unwrap();
        fs::write(&path, "[api]\ntoken = canary\n").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        let Err(error) = ProfileFile::named(config.path(), "a") else {
            panic!("it is damaged");
        };
        assert!(!format!("{error:?}").contains("canary"), "{error:?}");
    }
}

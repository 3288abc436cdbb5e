//! The option `--database`. The only place that reads the environment variables that may contain
//! the password.

use std::env;
use std::path::{Path, PathBuf};

use kt_plugin_api::{Class, Context, Error, Invocation};

use crate::store::{DatabaseAddress, DatabaseAddressError, Password, PasswordSources, TlsOptions};

/// The variables with the password, by precedence: that of kt, and that of PostgreSQL.
const PASSWORDS: [&str; 2] = ["KT_DATABASE_PASSWORD", "PGPASSWORD"];
/// The size limit of a file with passwords.
const MAX_PASSWORD_FILE: u64 = 1024 * 1024;
/// PostgreSQL's variable for a password file other than `~/.pgpass`.
const PASSWORD_FILE: &str = "PGPASSFILE";
/// PostgreSQL's variables for TLS, which apply when the address has no TLS parameters.
const TLS: [&str; 2] = ["PGSSLMODE", "PGSSLROOTCERT"];

/// The options that select a database.
pub(super) struct DatabaseOptions<'a> {
    /// `--database`.
    pub(super) url: Option<&'a str>,
    /// `--database-password-file`.
    pub(super) password_file: Option<&'a Path>,
}

/// Returns the database with its password; `None` without `--database`.
///
/// # Errors
/// When the address or a password file cannot be used.
pub(super) fn address(
    options: &DatabaseOptions<'_>,
    invocation: &Invocation,
    context: &Context<'_>,
) -> Result<Option<DatabaseAddress>, Error> {
    let Some(text) = options.url else {
        return Ok(None);
    };
    // The message does not contain the text, which may contain a password.
    let address = DatabaseAddress::parse_with(text, &tls_options()).map_err(|error| {
        let message = format!("the address in `--database` cannot be used: {error}");
        match error {
            DatabaseAddressError::Roots(_) => {
                Error::new(Class::Settings, "database-ca-certificates", message)
            }
            _ => Error::new(Class::Usage, "invalid-database", message),
        }
    })?;
    let file = options.password_file;
    let sources = password_sources(file.map(|path| invocation.resolve_path(path)));
    let found = sources.find(&address, |path| context.read_file(path, MAX_PASSWORD_FILE));
    context.check_cancelled()?;
    let password = found
        .map_err(|error| Error::new(Class::Settings, "database-password", error.to_string()))?;
    Ok(Some(address.with_password(password.as_ref())))
}

fn env_var(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

fn tls_options() -> TlsOptions {
    let [mode, roots] = TLS.map(env_var);
    TlsOptions { mode, roots }
}

fn password_sources(file: Option<PathBuf>) -> PasswordSources {
    let default = || env_var("HOME").map(|home| PathBuf::from(home).join(".pgpass"));
    PasswordSources {
        file,
        environment: PASSWORDS
            .into_iter()
            .filter_map(env_var)
            .map(Password::new)
            .collect(),
        pgpass: env_var(PASSWORD_FILE).map(PathBuf::from).or_else(default),
    }
}

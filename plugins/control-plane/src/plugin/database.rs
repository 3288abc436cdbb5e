//! Which database a server is told to use. The only place where the variables are read that may
//! hold its password.

use std::env;
use std::path::PathBuf;

use kt_plugin_api::{Class, Error, Invocation};

use crate::store::{DatabaseAddress, DatabaseAddressError, Password, PasswordSources, TlsOptions};

/// Variables with the password, the one that counts more first: ours, and that of PostgreSQL.
const PASSWORDS: [&str; 2] = ["KT_DATABASE_PASSWORD", "PGPASSWORD"];
/// PostgreSQL's variable for another password file than `~/.pgpass`.
const PASSWORD_FILE: &str = "PGPASSFILE";
/// PostgreSQL's variables for TLS, when the address says nothing of it.
const TLS: [&str; 2] = ["PGSSLMODE", "PGSSLROOTCERT"];

/// Returns the database that the call names, with its password; `None` when it names none.
///
/// # Errors
/// When the address cannot be used, or a file with the password.
pub(super) fn of(invocation: &Invocation) -> Result<Option<DatabaseAddress>, Error> {
    let Some(text) = invocation.args.text("database") else {
        return Ok(None);
    };
    // The text is not repeated: it might hold a password.
    let address = DatabaseAddress::parse_with(text, &tls()).map_err(|error| {
        let message = format!("the address of `--database` cannot be used: {error}");
        match error {
            DatabaseAddressError::Roots(_) => {
                Error::new(Class::Settings, "database-authorities", message)
            }
            _ => Error::new(Class::Usage, "bad-database", message),
        }
    })?;
    let password = sources(invocation)
        .find(&address)
        .map_err(|error| Error::new(Class::Settings, "database-password", error.to_string()))?;
    Ok(Some(address.with_password(password.as_ref())))
}

fn value(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

fn tls() -> TlsOptions {
    let [mode, roots] = TLS.map(value);
    TlsOptions { mode, roots }
}

fn sources(invocation: &Invocation) -> PasswordSources {
    let home = || value("HOME").map(|home| PathBuf::from(home).join(".pgpass"));
    PasswordSources {
        file: invocation
            .args
            .path("database-password-file")
            .map(|path| invocation.resolve_path(&path)),
        environment: PASSWORDS
            .into_iter()
            .filter_map(value)
            .map(Password::new)
            .collect(),
        pgpass: value(PASSWORD_FILE).map(PathBuf::from).or_else(home),
    }
}

//! Where a database is: an address without a password, and only one that needs no TLS.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use super::password::Password;
use super::session::LIMIT;

/// How long to wait for a connection.
const CONNECT: Duration = Duration::from_secs(5);

/// A database, and how to connect to it.
#[derive(Clone)]
pub struct Address {
    config: Config,
}

/// Says why an address cannot be used. Never repeats it: it might hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// It is no address of PostgreSQL.
    #[error("it is not of the form `postgres://USER@HOST:PORT/DATABASE`")]
    Malformed,
    /// It holds a password.
    #[error(
        "it holds a password, which others see among the processes; put it into \
         KT_DATABASE_PASSWORD, a file for `--database-password-file`, or ~/.pgpass"
    )]
    Password,
    /// It names no host.
    #[error("it names no host and no directory of a socket")]
    NoHost,
    /// The database is on another machine, or TLS is wanted.
    #[error(
        "TLS to PostgreSQL is not possible yet, so the database must be at a loopback address \
         or a unix socket of this machine"
    )]
    NeedsTls,
}

impl Address {
    /// Reads an address such as `postgres://kt@127.0.0.1:5432/kt`; a directory of a unix socket
    /// stands as host with `%2F` for `/`.
    ///
    /// # Errors
    /// When it is no address, holds a password, or needs TLS.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        if !["postgres://", "postgresql://"]
            .iter()
            .any(|scheme| text.starts_with(scheme))
        {
            return Err(AddressError::Malformed);
        }
        let mut config: Config = text.parse().map_err(|_| AddressError::Malformed)?;
        if config.get_password().is_some() {
            return Err(AddressError::Password);
        }
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(AddressError::NoHost);
        }
        let far = config.get_hosts().iter().any(|host| !is_near(host))
            || config.get_hostaddrs().iter().any(|ip| !ip.is_loopback());
        if far || config.get_ssl_mode() == SslMode::Require {
            return Err(AddressError::NeedsTls);
        }
        let more = config.get_options().unwrap_or_default();
        let options = format!(
            "{more} -c search_path=kt -c statement_timeout={limit} -c lock_timeout={limit} \
             -c idle_in_transaction_session_timeout={limit} \
             -c default_transaction_isolation=read\\ committed",
            limit = LIMIT.as_millis()
        );
        config
            .options(options.trim())
            .ssl_mode(SslMode::Disable)
            .connect_timeout(CONNECT)
            .tcp_user_timeout(LIMIT)
            .application_name("kt control-plane");
        Ok(Self { config })
    }

    /// The same address, with the password to show there.
    #[must_use]
    pub fn with_password(mut self, password: Option<&Password>) -> Self {
        if let Some(password) = password {
            self.config.password(password.expose());
        }
        self
    }

    /// The same server and another database.
    #[cfg(test)]
    pub(super) fn in_database(mut self, name: &str) -> Self {
        self.config.dbname(name);
        self
    }

    pub(super) fn config(&self) -> Config {
        self.config.clone()
    }

    /// Host, port, database and user as a password file names them.
    pub(super) fn names(&self) -> [String; 4] {
        let host = match self.config.get_hosts().first() {
            Some(Host::Tcp(name)) => name.clone(),
            // As libpq has it for sockets.
            _ => "localhost".to_owned(),
        };
        let port = self.config.get_ports().first().copied().unwrap_or(5432);
        let user = self.config.get_user().unwrap_or_default();
        let database = self.config.get_dbname().unwrap_or(user);
        [host, port.to_string(), database.to_owned(), user.to_owned()]
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Address").field(&self.names()).finish()
    }
}

fn is_near(host: &Host) -> bool {
    match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            name == "localhost" || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Address, AddressError};

    #[test]
    fn addresses_of_this_machine_are_taken() {
        for (text, names) in [
            (
                "postgres://kt@127.0.0.1:5433/main",
                ["127.0.0.1", "5433", "main", "kt"],
            ),
            (
                "postgresql://kt@localhost",
                ["localhost", "5432", "kt", "kt"],
            ),
            ("postgres://kt@[::1]/main", ["::1", "5432", "main", "kt"]),
            (
                "postgres://kt@%2Frun%2Fpostgresql/main",
                ["localhost", "5432", "main", "kt"],
            ),
        ] {
            assert_eq!(Address::parse(text).unwrap().names(), names, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_used_is_refused_without_repeating_it() {
        for (text, expected) in [
            ("kt.db", AddressError::Malformed),
            ("host=127.0.0.1 password=hunter2", AddressError::Malformed),
            ("postgres://kt@127.0.0.1:hunter2/", AddressError::Malformed),
            (
                "postgres://kt:hunter2@127.0.0.1/main",
                AddressError::Password,
            ),
            (
                "postgres://127.0.0.1/main?password=hunter2",
                AddressError::Password,
            ),
            ("postgres:///main", AddressError::NoHost),
            ("postgres://kt@192.0.2.1/main", AddressError::NeedsTls),
            ("postgres://kt@db.example/main", AddressError::NeedsTls),
            (
                "postgres://kt@127.0.0.1,192.0.2.1/main",
                AddressError::NeedsTls,
            ),
            (
                "postgres://kt@127.0.0.1/main?sslmode=require",
                AddressError::NeedsTls,
            ),
        ] {
            let refused = Address::parse(text).unwrap_err();
            assert_eq!(refused, expected, "{text}");
            assert!(!refused.to_string().contains("hunter2"), "{text}");
        }
    }
}

//! The addresses of databases: URIs without a password, and with TLS unless the database is local.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use super::address_error::DatabaseAddressError;
use super::password::Password;
use super::timeouts::REQUEST_TIMEOUT;
use super::tls::{self, Connector, Mode, Roots, TlsOptions};

/// Timeout for establishing a connection.
const CONNECT: Duration = Duration::from_secs(5);

/// The address of a database, and how to connect to it.
#[derive(Clone)]
pub struct DatabaseAddress {
    config: Config,
    connector: Connector,
}

impl DatabaseAddress {
    /// Parses a connection URI such as `postgres://kt@127.0.0.1:5432/kt`; the directory of a Unix
    /// socket is written as host with `%2F` for `/`.
    ///
    /// `sslmode` and `sslrootcert` are those of libpq, but only two modes are supported: without
    /// TLS for a local database, and `verify-full`.
    ///
    /// # Errors
    /// When it is invalid, holds a password, or is remote without TLS.
    pub fn parse(text: &str) -> Result<Self, DatabaseAddressError> {
        Self::parse_with(text, &TlsOptions::default())
    }

    /// Parses a connection URI with defaults for its TLS options.
    ///
    /// # Errors
    /// As [`DatabaseAddress::parse`].
    pub fn parse_with(text: &str, defaults: &TlsOptions) -> Result<Self, DatabaseAddressError> {
        if !["postgres://", "postgresql://"]
            .iter()
            .any(|scheme| text.starts_with(scheme))
        {
            return Err(DatabaseAddressError::Malformed);
        }
        let (rest, options) = tls::extract(text, defaults)?;
        let mut config: Config = rest.parse().map_err(|_| DatabaseAddressError::Malformed)?;
        if config.get_password().is_some() {
            return Err(DatabaseAddressError::Password);
        }
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(DatabaseAddressError::NoHost);
        }
        let connector = Connector(roots(&config, &options)?);
        let mode = match &connector.0 {
            Some(_) => SslMode::Require,
            None => SslMode::Disable,
        };
        let more = config.get_options().unwrap_or_default();
        let options = format!(
            "{more} -c search_path=kt -c statement_timeout={limit} -c lock_timeout={limit} \
             -c idle_in_transaction_session_timeout={limit} \
             -c default_transaction_isolation=read\\ committed",
            limit = REQUEST_TIMEOUT.as_millis()
        );
        config
            .options(options.trim())
            .ssl_mode(mode)
            .connect_timeout(CONNECT)
            .tcp_user_timeout(REQUEST_TIMEOUT)
            .application_name("kt control-plane");
        Ok(Self { config, connector })
    }

    /// Adds the password to authenticate with.
    #[must_use]
    pub fn with_password(mut self, password: Option<&Password>) -> Self {
        if let Some(password) = password {
            self.config.password(password.expose());
        }
        self
    }

    /// Returns the address of another database of the same server.
    #[cfg(test)]
    pub(super) fn in_database(mut self, name: &str) -> Self {
        self.config.dbname(name);
        self
    }

    pub(super) fn config(&self) -> Config {
        self.config.clone()
    }

    pub(super) fn connector(&self) -> Connector {
        self.connector.clone()
    }

    /// Returns host, port, database and user as they are written in a password file.
    pub(super) fn password_file_fields(&self) -> [String; 4] {
        let host = match self.config.get_hosts().first() {
            Some(Host::Tcp(name)) => name.clone(),
            // As libpq does for sockets.
            _ => "localhost".to_owned(),
        };
        let port = self.config.get_ports().first().copied().unwrap_or(5432);
        let user = self.config.get_user().unwrap_or_default();
        let database = self.config.get_dbname().unwrap_or(user);
        [host, port.to_string(), database.to_owned(), user.to_owned()]
    }
}

impl fmt::Debug for DatabaseAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Address")
            .field(&self.password_file_fields())
            .finish()
    }
}

/// Returns the root certificates; `None` when TLS is not used.
fn roots(config: &Config, options: &TlsOptions) -> Result<Option<Roots>, DatabaseAddressError> {
    let (hosts, numbers) = (config.get_hosts(), config.get_hostaddrs());
    let remote =
        hosts.iter().any(|host| !is_local(host)) || numbers.iter().any(|ip| !ip.is_loopback());
    let mode = options.mode(!remote)?;
    let socket = numbers.is_empty() && hosts.iter().all(|host| matches!(host, Host::Unix(_)));
    // PostgreSQL does not support TLS on a socket, and libpq does not request it there, either.
    if mode == Mode::Plain || socket {
        return Ok(None);
    }
    if hosts.is_empty() {
        return Err(DatabaseAddressError::NoName);
    }
    let roots = Roots::of(options.roots.as_deref());
    let readable = roots.read();
    readable.map_err(|error| DatabaseAddressError::Roots(error.to_string()))?;
    Ok(Some(roots))
}

fn is_local(host: &Host) -> bool {
    match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            name == "localhost" || name.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
        }
    }
}

#[cfg(test)]
mod tests {
    use kt_tls::fixture::TestCa;
    use tokio_postgres::config::SslMode;

    use super::{Connector, DatabaseAddress, DatabaseAddressError, Roots, TlsOptions};

    #[test]
    fn local_addresses_are_parsed() {
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
            assert_eq!(
                DatabaseAddress::parse(text).unwrap().password_file_fields(),
                names,
                "{text}"
            );
        }
    }

    #[test]
    fn a_remote_database_requires_tls() {
        let directory = tempfile::tempdir().unwrap();
        let Some(ca) = TestCa::new(directory.path(), "ca") else {
            return;
        };
        let file = ca.certificate().display().to_string();
        let far = format!("postgres://kt@db.example/main?sslmode=verify-full&sslrootcert={file}");
        let defaults = TlsOptions {
            mode: Some("verify-full".to_owned()),
            roots: Some(file.clone()),
        };
        let trusting = Connector(Some(Roots::File(ca.certificate())));
        for address in [
            DatabaseAddress::parse(&far),
            DatabaseAddress::parse_with("postgres://kt@db.example/main", &defaults),
            DatabaseAddress::parse_with("postgres://kt@127.0.0.1/main", &defaults),
        ] {
            let address = address.unwrap();
            assert_eq!(address.config().get_ssl_mode(), SslMode::Require);
            assert_eq!(address.connector(), trusting);
        }
        let plain = |text| DatabaseAddress::parse_with(text, &defaults).unwrap();
        let socket = plain("postgres://kt@%2Frun%2Fpostgresql/main");
        let unencrypted = plain("postgres://kt@127.0.0.1/main?sslmode=disable");
        for address in [socket, unencrypted] {
            assert_eq!(address.config().get_ssl_mode(), SslMode::Disable);
            assert_eq!(address.connector(), Connector(None));
        }
        let absent = far.replace("ca.crt", "absent.crt");
        let error = DatabaseAddress::parse(&absent).unwrap_err().to_string();
        assert!(error.contains("absent.crt"), "{error}");
    }

    #[test]
    fn invalid_addresses_are_rejected_without_repeating_them() {
        for (text, expected) in [
            ("kt.db", DatabaseAddressError::Malformed),
            (
                "host=127.0.0.1 password=hunter2",
                DatabaseAddressError::Malformed,
            ),
            (
                "postgres://kt@127.0.0.1:hunter2/",
                DatabaseAddressError::Malformed,
            ),
            (
                "postgres://kt:hunter2@127.0.0.1/main",
                DatabaseAddressError::Password,
            ),
            (
                "postgres://127.0.0.1/main?password=hunter2",
                DatabaseAddressError::Password,
            ),
            ("postgres:///main", DatabaseAddressError::NoHost),
            (
                "postgres://kt@192.0.2.1/main",
                DatabaseAddressError::NeedsTls,
            ),
            (
                "postgres://kt@db.example/main",
                DatabaseAddressError::NeedsTls,
            ),
            (
                "postgres://kt@127.0.0.1,192.0.2.1/main",
                DatabaseAddressError::NeedsTls,
            ),
            (
                "postgres://kt@127.0.0.1/main?sslmode=require",
                DatabaseAddressError::Unverified("require"),
            ),
            (
                "postgres://kt@db.example/main?sslmode=prefer",
                DatabaseAddressError::Unverified("prefer"),
            ),
            (
                "postgres://kt@db.example/main?ssl%6Dode=disable",
                DatabaseAddressError::NeedsTls,
            ),
            (
                "postgres://kt@127.0.0.1/main?sslmode=hunter2",
                DatabaseAddressError::BadMode,
            ),
            (
                "postgres:///main?hostaddr=192.0.2.1&sslmode=verify-full",
                DatabaseAddressError::NoName,
            ),
        ] {
            let error = DatabaseAddress::parse(text).unwrap_err();
            assert_eq!(error, expected, "{text}");
            assert!(!error.to_string().contains("hunter2"), "{text}");
        }
    }
}

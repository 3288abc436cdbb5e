//! The options of the command.

use crate::snapshot::UpstreamOverride;
use kt_plugin_api::{Class, Error, Invocation};
use kt_policy::{InvalidUrl, validate_base_url};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// The default maximum duration of one poll, seconds: below the usual idle timeout
/// of proxies, 30 s.
const POLL_WAIT: i64 = 25;

/// The parsed and validated options.
pub(crate) struct Options {
    pub(crate) gateway: Option<String>,
    /// The maximum duration of one poll, seconds.
    pub(crate) poll_wait: u64,
    pub(crate) files: Vec<String>,
    pub(crate) listen: String,
    admin_listen: Option<String>,
    /// Addresses beyond loopback are allowed.
    pub(crate) allow_remote: bool,
    pub(crate) workers: usize,
    pub(crate) upstream_override: Option<UpstreamOverride>,
    pub(crate) fail_open: bool,
    pub(crate) max_concurrency: usize,
    pub(crate) outbound_ports: Option<Vec<u16>>,
    pub(crate) drain: Duration,
    pub(crate) notify_file: Option<PathBuf>,
}

impl Options {
    /// Parses the options.
    ///
    /// # Errors
    /// Class `usage` for invalid values.
    pub(crate) fn parse(invocation: &Invocation) -> Result<Self, Error> {
        reject_tls_variables()?;
        let args = &invocation.args;
        let options = Self {
            gateway: args
                .text("gateway-id")
                .or_else(|| args.text("id"))
                .map(str::to_owned),
            poll_wait: poll_wait(invocation)?,
            files: args
                .texts("policy-config")
                .into_iter()
                .map(str::to_owned)
                .collect(),
            listen: args.text("listen").unwrap_or("127.0.0.1:41002").to_owned(),
            admin_listen: args.text("admin-listen").map(str::to_owned),
            allow_remote: args.flag("allow-remote-plaintext"),
            workers: count(invocation, "workers")?.unwrap_or_else(core_count),
            upstream_override: upstream_override(invocation)?,
            fail_open: args.text("fail-mode") == Some("allow"),
            max_concurrency: count(invocation, "max-concurrency")?.unwrap_or(0),
            outbound_ports: ports(invocation)?,
            drain: args.duration("drain").unwrap_or(Duration::from_secs(30)),
            notify_file: args
                .path("notify-file")
                .map(|p| invocation.resolve_path(&p)),
        };
        if options.gateway.is_none() && options.files.is_empty() {
            return Err(Error::new(
                Class::Usage,
                "nothing-to-serve",
                "no configuration to serve",
            )
            .hint("specify a gateway with `--id`, or files with `--policy-config`"));
        }
        Ok(options)
    }

    /// Returns the address of the administration server: the option, else the port
    /// after that of the traffic, so that two gateways do not conflict.
    pub(crate) fn admin_address(&self, traffic: SocketAddr) -> String {
        let ephemeral = self.listen.ends_with(":0");
        self.admin_listen.clone().unwrap_or_else(|| {
            let port = if ephemeral {
                0
            } else {
                traffic.port().wrapping_add(1)
            };
            format!("127.0.0.1:{port}")
        })
    }
}

/// Rejects variables that request TLS: ignoring them would serve plain HTTP.
fn reject_tls_variables() -> Result<(), Error> {
    let mut names = std::env::vars_os().filter_map(|(name, _)| name.into_string().ok());
    let Some(name) = names.find(|name| name.starts_with("KEEPTRUSTS_TLS_")) else {
        return Ok(());
    };
    let message = format!("`{name}` is set, but the gateway does not support TLS yet");
    Err(Error::new(Class::Settings, "tls-not-supported", message)
        .hint("unset it, and terminate TLS in a proxy in front of the gateway"))
}

fn core_count() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

fn poll_wait(invocation: &Invocation) -> Result<u64, Error> {
    let seconds = invocation
        .args
        .integer("poll-interval")
        .unwrap_or(POLL_WAIT);
    // The control plane limits a poll to 300 s.
    u64::try_from(seconds)
        .ok()
        .filter(|n| (1..=300).contains(n))
        .ok_or_else(|| {
            Error::new(
                Class::Usage,
                "invalid-number",
                "`--poll-interval` must be from 1 to 300 seconds",
            )
        })
}

fn count(invocation: &Invocation, name: &str) -> Result<Option<usize>, Error> {
    let Some(value) = invocation.args.integer(name) else {
        return Ok(None);
    };
    usize::try_from(value)
        .ok()
        .filter(|n| (1..=4096).contains(n))
        .map(Some)
        .ok_or_else(|| {
            Error::new(
                Class::Usage,
                "invalid-number",
                format!("`--{name}` must be from 1 to 4096"),
            )
        })
}

fn ports(invocation: &Invocation) -> Result<Option<Vec<u16>>, Error> {
    let Some(serde_json::Value::Array(values)) = invocation.args.0.get("outbound-port") else {
        return Ok(None);
    };
    values
        .iter()
        .map(|v| {
            v.as_u64()
                .and_then(|n| u16::try_from(n).ok())
                .filter(|p| *p > 0)
        })
        .collect::<Option<Vec<_>>>()
        .map(Some)
        .ok_or_else(|| {
            Error::new(
                Class::Usage,
                "invalid-port",
                "`--outbound-port` must be from 1 to 65535",
            )
        })
}

/// Returns the settings of `--upstream`. The address is in no message: it may contain a
/// credential.
fn upstream_override(invocation: &Invocation) -> Result<Option<UpstreamOverride>, Error> {
    let args = &invocation.args;
    let Some(url) = args.text("upstream") else {
        return Ok(None);
    };
    if let Err(reason) = validate_base_url(url) {
        let message = format!("the address of `--upstream` is not valid: {reason}");
        let error = Error::new(Class::Usage, "invalid-upstream", message);
        return Err(match reason {
            InvalidUrl::Form(_) => error.hint("use the form https://HOST[:PORT][/PATH]"),
            InvalidUrl::Credential | InvalidUrl::CredentialInQuery => error.hint(
                "set KEEPTRUSTS_UPSTREAM_API_KEY; `--upstream-api-key-header` selects its header",
            ),
        });
    }
    Ok(Some(UpstreamOverride {
        url: url.to_owned(),
        key: invocation
            .setting("gateway.upstream_api_key")
            .map(str::to_owned),
        header: args
            .text("upstream-api-key-header")
            .unwrap_or("Authorization")
            .to_owned(),
        prefix: args
            .text("upstream-api-key-prefix")
            .unwrap_or("Bearer")
            .to_owned(),
    }))
}

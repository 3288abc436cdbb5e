//! The options of the command.

use crate::args::{GatewayRunArgs, GatewayRunFailMode, GatewayRunLogRequests};
use crate::snapshot::UpstreamOverride;
use kt_plugin_api::{Class, Error, Invocation};
use kt_policy::{InvalidUrl, validate_base_url};
use std::io::IsTerminal;
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
    pub(crate) files: Vec<PathBuf>,
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
    /// A line is shown per request.
    pub(crate) log_requests: bool,
}

impl Options {
    /// Parses the options.
    ///
    /// # Errors
    /// Class `usage` for invalid values.
    pub(crate) fn parse(invocation: &Invocation) -> Result<Self, Error> {
        reject_tls_variables()?;
        let args: GatewayRunArgs = invocation.arguments()?;
        // It is accepted for compatibility, and has no effect.
        let _managed = args.managed;
        Ok(Self {
            upstream_override: upstream_override(&args, invocation)?,
            gateway: args.gateway_id.or(args.id),
            poll_wait: poll_wait(args.poll_interval)?,
            files: args.policy_config,
            listen: args.listen,
            admin_listen: args.admin_listen,
            allow_remote: args.allow_remote_plaintext,
            workers: count("workers", args.workers)?.unwrap_or_else(core_count),
            fail_open: args.fail_mode == GatewayRunFailMode::Allow,
            max_concurrency: count("max-concurrency", args.max_concurrency)?.unwrap_or(0),
            outbound_ports: ports(&args.outbound_port)?,
            drain: args.drain,
            log_requests: log_requests(&args.log_requests, invocation),
            notify_file: args.notify_file.map(|p| invocation.resolve_path(&p)),
        })
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

/// Returns whether to show a line per request: by default to a user who watches a terminal.
fn log_requests(mode: &GatewayRunLogRequests, invocation: &Invocation) -> bool {
    match mode {
        GatewayRunLogRequests::Always => true,
        GatewayRunLogRequests::Never => false,
        GatewayRunLogRequests::Auto => {
            std::io::stderr().is_terminal() && invocation.output.format != "json"
        }
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

fn poll_wait(seconds: Option<i64>) -> Result<u64, Error> {
    let seconds = seconds.unwrap_or(POLL_WAIT);
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

fn count(name: &str, value: Option<i64>) -> Result<Option<usize>, Error> {
    let Some(value) = value else {
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

fn ports(values: &[i64]) -> Result<Option<Vec<u16>>, Error> {
    if values.is_empty() {
        return Ok(None);
    }
    values
        .iter()
        .map(|value| u16::try_from(*value).ok().filter(|port| *port > 0))
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
fn upstream_override(
    args: &GatewayRunArgs,
    invocation: &Invocation,
) -> Result<Option<UpstreamOverride>, Error> {
    let Some(url) = args.upstream.as_deref() else {
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
        header: args.upstream_api_key_header.clone(),
        prefix: args.upstream_api_key_prefix.clone(),
    }))
}

//! The transport from a plugin to the control plane, through the host.
//!
//! `kt.control-plane/1` has two providers that take the same [`Envelope`]:
//! `embedded` runs the control plane in process on the state directory, `http` sends the request
//! to a server. A provider keeps no state between calls.

use std::path::PathBuf;

use kt_plugin_api::{Class, Context, Error, Invocation, Location, ProviderHandle};
use serde::{Deserialize, Serialize};

use crate::address::{holds_password, redact_address, without_password};
use crate::{
    ApiError, Client, INTERFACE, INTERFACE_METHOD, Request, Response, Transport, TransportError,
    TransportErrorKind,
};

/// Name of the provider that runs the control plane in process.
pub const EMBEDDED_PROVIDER: &str = "embedded";
/// Name of the provider that sends requests to a server.
pub const HTTP_PROVIDER: &str = "http";

/// The command-line option of `api.ca_file`.
const CA_FILE_OPTION: &str = "--api-ca-file";
/// The environment variable of the setting `api.ca_file`. Services set it to an absolute path.
pub const CA_FILE_VARIABLE: &str = "KEEPTRUSTS_API_CA_FILE";

/// How to connect to the control plane.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct ConnectOptions {
    /// kt's state directory, which holds the embedded store.
    pub state_dir: PathBuf,
    /// kt's directory for sockets.
    pub runtime_dir: PathBuf,
    /// The URL of the server, or several equivalent URLs separated by commas; `None` for the
    /// embedded store.
    #[serde(default)]
    pub url: Option<String>,
    /// The token for the server. Never printed, and not part of `Debug`.
    #[serde(default)]
    pub token: Option<String>,
    /// The file with the CA certificates that the server is verified with, instead of the system's.
    /// Absolute, unless the settings are wrong.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// The name that the audit log has for changes without a token.
    #[serde(default)]
    pub actor: String,
    /// Whether the caller handles `Retry-After` (429, 503) itself. Otherwise the provider waits and
    /// retries, within the deadline of the call.
    #[serde(default)]
    pub handles_retry_after: bool,
    /// Where the URL was configured, for messages; providers do not receive it.
    #[serde(skip)]
    pub url_origin: Option<String>,
}

impl std::fmt::Debug for ConnectOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connection")
            .field("state_dir", &self.state_dir)
            .field("url", &self.display_address())
            .finish_non_exhaustive()
    }
}

/// The input of the interface's method: a request and how to connect.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "json-schema", derive(schemars::JsonSchema))]
pub struct Envelope {
    /// How to connect to the control plane.
    pub connection: ConnectOptions,
    /// The request.
    pub request: Request,
}

/// Sends requests through a provider that the host opened.
#[derive(Clone)]
pub struct ProviderTransport<'a> {
    handle: ProviderHandle<'a>,
    connection: ConnectOptions,
}

impl ConnectOptions {
    /// Reads the options from the settings and directories of an invocation.
    #[must_use]
    pub fn from_invocation(invocation: &Invocation) -> Self {
        let setting = |key: &str| invocation.setting(key).map(str::to_owned);
        Self {
            state_dir: invocation.dirs.state.clone(),
            runtime_dir: invocation.dirs.runtime.clone(),
            url: setting("api.url").map(|url| without_password(url.trim_end_matches('/'))),
            token: setting("api.token"),
            ca_file: ca_file(invocation),
            actor: String::new(),
            handles_retry_after: false,
            url_origin: invocation
                .origin("api.url")
                .filter(|origin| !origin.starts_with("--"))
                .map(str::to_owned),
        }
    }

    /// Returns the name of the provider for these options.
    #[must_use]
    pub fn provider(&self) -> &'static str {
        if self.url.is_some() {
            HTTP_PROVIDER
        } else {
            EMBEDDED_PROVIDER
        }
    }

    /// Returns the address of the control plane for messages, without secrets.
    #[must_use]
    pub fn display_address(&self) -> String {
        let url = self.url.as_deref();
        url.map_or_else(|| self.provider().to_owned(), redact_address)
    }

    /// Checks that the URL holds no user name and password: URLs are printed, and tokens have a
    /// setting of their own.
    ///
    /// # Errors
    /// Class `settings` when the URL holds one.
    pub fn check_url(&self) -> Result<(), Error> {
        let url = self.url.as_deref().unwrap_or_default();
        if !holds_password(url) {
            return Ok(());
        }
        let message = "the URL of the control plane contains a user name or a password";
        Err(Error::new(Class::Settings, "password-in-api-url", message)
            .hint("remove the part before the `@` in `api.url`, and set `api.token` or `KEEPTRUSTS_API_TOKEN`"))
    }

    /// Opens the provider.
    ///
    /// # Errors
    /// Class `plugin` when the plugin that provides it is missing or broken,
    /// `settings` when the URL holds a password.
    pub fn client<'a>(self, context: &Context<'a>) -> Result<Client<ProviderTransport<'a>>, Error> {
        self.check_url()?;
        let handle = context.open_provider(INTERFACE, Some(self.provider()))?;
        Ok(Client::new(ProviderTransport {
            handle,
            connection: self,
        }))
    }
}

/// A path from the command line or the environment is relative to the working directory; one from a
/// settings file must not depend on that, and is returned as it is.
fn ca_file(invocation: &Invocation) -> Option<PathBuf> {
    let key = "api.ca_file";
    let text = invocation.setting(key).filter(|text| !text.is_empty())?;
    let path = PathBuf::from(text);
    let is_from_shell =
        [Some(CA_FILE_OPTION), Some(CA_FILE_VARIABLE)].contains(&invocation.origin(key));
    Some(if is_from_shell {
        invocation.resolve_path(&path)
    } else {
        path
    })
}

/// Connects to the control plane that the settings of an invocation name.
///
/// # Errors
/// Class `plugin` when the plugin that provides it is missing or broken,
/// `settings` when its URL holds a password.
pub fn connect<'a>(
    invocation: &Invocation,
    context: &Context<'a>,
) -> Result<Client<ProviderTransport<'a>>, Error> {
    ConnectOptions::from_invocation(invocation).client(context)
}

impl<'a> ProviderTransport<'a> {
    /// Returns the transport with the deadline of `context`.
    #[must_use]
    pub fn within(&self, context: &Context<'a>) -> Self {
        Self {
            handle: self.handle.with_context(context),
            connection: self.connection.clone(),
        }
    }
}

impl ProviderTransport<'_> {
    /// Returns the transport for a caller that handles `Retry-After` itself.
    #[must_use]
    pub fn handling_retry_after(mut self) -> Self {
        self.connection.handles_retry_after = true;
        self
    }
}

impl Transport for ProviderTransport<'_> {
    fn send(&self, request: &Request) -> Result<Response, TransportError> {
        let envelope = Envelope {
            connection: self.connection.clone(),
            request: request.clone(),
        };
        self.handle
            .call(INTERFACE_METHOD, &envelope)
            .map_err(|error| {
                let kind = match error.class {
                    Class::UnknownEffect => TransportErrorKind::UnknownEffect,
                    Class::Interrupted | Class::Terminated => TransportErrorKind::Cancelled,
                    Class::Unavailable if error.id == "timeout" => TransportErrorKind::Timeout,
                    Class::Unavailable => TransportErrorKind::Unavailable,
                    Class::Settings => TransportErrorKind::Settings,
                    _ => TransportErrorKind::Other,
                };
                let unreachable = [TransportErrorKind::Unavailable, TransportErrorKind::Timeout];
                let origin = self.connection.url_origin.as_ref();
                let message = match origin.filter(|_| unreachable.contains(&kind)) {
                    Some(origin) => format!("{error} (the address is from {origin})"),
                    None => error.to_string(),
                };
                TransportError {
                    hint: error.hints.first().cloned(),
                    ..TransportError::new(kind, message)
                }
            })
    }
}

/// Converts a [`TransportError`] to a plugin error: the inverse of the conversion in
/// [`ProviderTransport`].
impl From<TransportError> for Error {
    fn from(error: TransportError) -> Self {
        let (class, id) = match error.kind {
            TransportErrorKind::Unavailable => (Class::Unavailable, "control-plane-unavailable"),
            TransportErrorKind::UnknownEffect => (Class::UnknownEffect, "unknown-effect"),
            TransportErrorKind::Cancelled => (Class::Interrupted, "interrupted"),
            TransportErrorKind::Timeout => (Class::Unavailable, "timeout"),
            TransportErrorKind::Settings => (Class::Settings, "control-plane-unusable"),
            TransportErrorKind::Other => (Class::Unavailable, "control-plane-unusable"),
        };
        let result = Self::new(class, id, error.message);
        error.hint.into_iter().fold(result, Self::hint)
    }
}

impl From<ApiError> for Error {
    fn from(error: ApiError) -> Self {
        let class = Class::from_name(error.class.name()).unwrap_or(Class::Internal);
        let id = error.id();
        let mut result = Self::new(class, id, error.detail);
        if let Some(hint) = error.hint {
            result = result.hint(hint);
        }
        if let Some(existing) = &error.existing_id {
            result = result.data("existing_id", existing.to_string());
        }
        if let Some(current) = &error.current {
            result = result
                .data("current_etag", current.etag().to_string())
                .data("current_version", current.last_version);
        }
        if let Some(seconds) = error.retry_after {
            result = result.data("retry_after_seconds", seconds);
        }
        if let Some(request) = error.request_id {
            result = result.data("request_id", request.as_ref());
        }
        result.problems(
            error
                .errors
                .into_iter()
                .map(|item| kt_plugin_api::ProblemItem {
                    code: item.code,
                    message: item.message,
                    path: item.pointer,
                    location: item.line.map(|line| Location {
                        file: item.file.unwrap_or_default(),
                        line,
                        column: item.column.unwrap_or(1),
                    }),
                    suggestion: item.hint,
                    snippet: None,
                }),
        )
    }
}

//! A gateway's connection to its control plane.

use kt_control_api::{Client, ConnectOptions, Gateway, ProviderTransport};
use kt_plugin_api::{Context, Error, Invocation};
use std::time::Duration;

/// The time limit of a call that is not a poll; the next report makes up for one
/// that failed.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);

/// The time limit of the last report, which must not delay the shutdown.
const SHUTDOWN_CALL_TIMEOUT: Duration = Duration::from_secs(2);

/// A gateway that is managed by a control plane.
pub(crate) struct ManagedGateway<'a> {
    transport: ProviderTransport<'a>,
    context: &'a Context<'a>,
    pub(crate) gateway: Gateway,
}

impl<'a> ManagedGateway<'a> {
    /// Returns the connection settings; the gateway's own token takes precedence.
    pub(crate) fn connection(invocation: &Invocation) -> ConnectOptions {
        let mut connection = ConnectOptions::from_invocation(invocation);
        if let Some(token) = invocation.setting("gateway.token") {
            connection.token = Some(token.to_owned());
        }
        connection.actor = "gateway".to_owned();
        connection
    }

    /// Opens the transport to the control plane.
    ///
    /// # Errors
    /// When the plugin that provides it is missing or broken.
    pub(crate) fn open(
        invocation: &Invocation,
        context: &'a Context<'a>,
    ) -> Result<ProviderTransport<'a>, Error> {
        Ok(Self::connection(invocation)
            .client(context)?
            .transport()
            .clone())
    }

    pub(crate) fn new(
        transport: ProviderTransport<'a>,
        context: &'a Context<'a>,
        gateway: Gateway,
    ) -> Self {
        Self {
            transport,
            context,
            gateway,
        }
    }

    /// Returns a client with short timeouts.
    pub(crate) fn client(&self) -> Client<ProviderTransport<'a>> {
        Client::new(
            self.transport
                .within(&self.context.with_timeout(CALL_TIMEOUT)),
        )
    }

    /// Returns a client for reports: `Retry-After` concerns the next report, so
    /// the client does not retry.
    pub(crate) fn report_client(&self) -> Client<ProviderTransport<'a>> {
        let transport = self
            .transport
            .within(&self.context.with_timeout(CALL_TIMEOUT));
        Client::new(transport.handling_retry_after())
    }

    /// Returns a client for the last report of a process that is shutting down.
    pub(crate) fn shutdown_client(&self) -> Client<ProviderTransport<'a>> {
        Client::new(
            self.transport
                .within(&self.context.without_cancellation(SHUTDOWN_CALL_TIMEOUT)),
        )
    }

    /// Returns a client for long polls; the poll loop does its own backoff.
    pub(crate) fn poll_client(&self) -> Client<ProviderTransport<'a>> {
        Client::new(self.transport.clone().handling_retry_after())
    }
}

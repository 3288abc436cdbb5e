//! The gateway's side of its control plane.

use kt_control_api::{Client, ConnectOptions, Gateway, ProviderTransport};
use kt_plugin_api::{Context, Error, Invocation};
use std::time::Duration;

/// A call that is not a poll ends after this; the next report repairs what it
/// left out.
const CALL: Duration = Duration::from_secs(10);

/// The last report must not hold up the end for long.
const LAST_CALL: Duration = Duration::from_secs(2);

/// A gateway that follows a control plane.
pub(crate) struct Managed<'a> {
    transport: ProviderTransport<'a>,
    context: &'a Context<'a>,
    pub(crate) gateway: Gateway,
}

impl<'a> Managed<'a> {
    /// The connection of an invocation; the gateway's own token goes first.
    pub(crate) fn connection(invocation: &Invocation) -> ConnectOptions {
        let mut connection = ConnectOptions::from_invocation(invocation);
        if let Some(own) = invocation.setting("gateway.token") {
            connection.token = Some(own.to_owned());
        }
        connection.actor = "gateway".to_owned();
        connection
    }

    /// Opens the way to the control plane.
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

    /// A client whose calls end soon.
    pub(crate) fn client(&self) -> Client<ProviderTransport<'a>> {
        Client::new(self.transport.within(&self.context.with_timeout(CALL)))
    }

    /// A client for reports: what is asked of them concerns the next one.
    pub(crate) fn report_client(&self) -> Client<ProviderTransport<'a>> {
        let transport = self.transport.within(&self.context.with_timeout(CALL));
        Client::new(transport.handling_retry_after())
    }

    /// A client for the last words of a process that was told to end.
    pub(crate) fn last_client(&self) -> Client<ProviderTransport<'a>> {
        Client::new(
            self.transport
                .within(&self.context.without_cancellation(LAST_CALL)),
        )
    }

    /// A client whose calls may wait; who polls with it rests between them.
    pub(crate) fn patient_client(&self) -> Client<ProviderTransport<'a>> {
        Client::new(self.transport.clone().handling_retry_after())
    }
}

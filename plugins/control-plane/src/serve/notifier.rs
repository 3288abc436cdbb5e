//! Notifies waiting requests of changes of gateways.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use kt_control_api::GatewayId;
use tokio::sync::watch;

use crate::api::WakeTarget;

/// The channels of the gateways that requests wait for.
#[derive(Debug, Clone, Default)]
pub(super) struct GatewayNotifier {
    channels: Arc<Mutex<HashMap<GatewayId, watch::Sender<Instant>>>>,
}

impl GatewayNotifier {
    /// Returns a receiver of changes from now on, with the time of the last one. Read the gateway
    /// *after* this call: a change in between is then either read or notified.
    pub(super) fn subscribe(&self, gateway: &GatewayId) -> watch::Receiver<Instant> {
        let mut channels = self.channels();
        channels.retain(|_, sender| sender.receiver_count() > 0);
        channels
            .entry(gateway.clone())
            .or_insert_with(|| watch::channel(Instant::now()).0)
            .subscribe()
    }

    /// Returns the gateways that requests wait for.
    pub(super) fn watched_gateways(&self) -> Vec<GatewayId> {
        self.channels()
            .iter()
            .filter(|(_, sender)| sender.receiver_count() > 0)
            .map(|(gateway, _)| gateway.clone())
            .collect()
    }

    /// Notifies the requests that a reply concerns.
    pub(super) fn notify(&self, target: &WakeTarget) {
        match target {
            WakeTarget::None => {}
            WakeTarget::Gateway(gateway) => self.notify_gateway(gateway),
            WakeTarget::All => {
                for sender in self.channels().values() {
                    sender.send_replace(Instant::now());
                }
            }
        }
    }

    /// Notifies the requests that wait for a gateway.
    pub(super) fn notify_gateway(&self, gateway: &GatewayId) {
        if let Some(sender) = self.channels().get(gateway) {
            sender.send_replace(Instant::now());
        }
    }

    fn channels(&self) -> MutexGuard<'_, HashMap<GatewayId, watch::Sender<Instant>>> {
        self.channels.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! Waking those who wait for a gateway.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use kt_control_api::GatewayId;
use tokio::sync::watch;

use crate::api::Touched;

/// Knows only gateways that somebody waits for.
#[derive(Debug, Clone, Default)]
pub(super) struct Hub {
    waited_for: Arc<Mutex<HashMap<GatewayId, watch::Sender<Instant>>>>,
}

impl Hub {
    /// Returns what tells of changes from now on, with the time of the last one. Look at the gateway *after* this: a change in
    /// between is then either seen or told.
    pub(super) fn listen(&self, gateway: &GatewayId) -> watch::Receiver<Instant> {
        let mut map = self
            .waited_for
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        map.retain(|_, sender| sender.receiver_count() > 0);
        map.entry(gateway.clone())
            .or_insert_with(|| watch::channel(Instant::now()).0)
            .subscribe()
    }

    /// Returns the gateways that somebody waits for.
    pub(super) fn waited_for(&self) -> Vec<GatewayId> {
        let map = self
            .waited_for
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        map.iter()
            .filter(|(_, sender)| sender.receiver_count() > 0)
            .map(|(gateway, _)| gateway.clone())
            .collect()
    }

    /// Tells those whom a request concerns.
    pub(super) fn tell(&self, touched: &Touched) {
        match touched {
            Touched::Nobody => {}
            Touched::Gateway(gateway) => self.tell_of(gateway),
            Touched::Everybody => self.tell_all(),
        }
    }

    fn tell_all(&self) {
        let map = self
            .waited_for
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        for sender in map.values() {
            sender.send_replace(Instant::now());
        }
    }

    /// Tells that the gateway has changed.
    pub(super) fn tell_of(&self, gateway: &GatewayId) {
        let map = self
            .waited_for
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = map.get(gateway) {
            sender.send_replace(Instant::now());
        }
    }
}

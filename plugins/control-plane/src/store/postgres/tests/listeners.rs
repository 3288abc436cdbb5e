//! A listener that records its notifications.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use kt_control_api::{GatewayId, TokenId};

use crate::store::ChangeListeners;

/// Watches gateways, and records notifications, and missed ones.
#[derive(Default)]
pub(in crate::store::postgres) struct RecordingListeners {
    pub(in crate::store::postgres) watched_gateways: Vec<GatewayId>,
    pub(in crate::store::postgres) notified: Mutex<BTreeSet<GatewayId>>,
    pub(in crate::store::postgres) ended: Mutex<BTreeSet<TokenId>>,
    pub(in crate::store::postgres) missed: Mutex<BTreeSet<GatewayId>>,
    pub(in crate::store::postgres) round_trips: AtomicU32,
}

impl ChangeListeners for RecordingListeners {
    fn watched_gateways(&self) -> Vec<GatewayId> {
        self.watched_gateways.clone()
    }

    fn gateway_changed(&self, gateway: &GatewayId) {
        self.notified.lock().unwrap().insert(gateway.clone());
    }

    fn token_ended(&self, token: &TokenId) {
        self.ended.lock().unwrap().insert(token.clone());
    }

    fn notification_missed(&self, gateway: &GatewayId) {
        self.missed.lock().unwrap().insert(gateway.clone());
    }

    fn notification_round_trip(&self, _after: Duration) {
        self.round_trips.fetch_add(1, Ordering::SeqCst);
    }
}

//! Somebody who waits for gateways.

use std::collections::BTreeSet;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use kt_control_api::GatewayId;

use crate::store::Waiters;

/// Waits for gateways, and remembers of which it was told, and of which no word came.
#[derive(Default)]
pub(in crate::store::postgres) struct Ears {
    pub(in crate::store::postgres) waited_for: Vec<GatewayId>,
    pub(in crate::store::postgres) told: Mutex<BTreeSet<GatewayId>>,
    pub(in crate::store::postgres) missed: Mutex<BTreeSet<GatewayId>>,
    pub(in crate::store::postgres) heard_itself: AtomicU32,
}

impl Waiters for Ears {
    fn waited_for(&self) -> Vec<GatewayId> {
        self.waited_for.clone()
    }

    fn tell(&self, gateway: &GatewayId) {
        self.told.lock().unwrap().insert(gateway.clone());
    }

    fn heard_no_word(&self, gateway: &GatewayId) {
        self.missed.lock().unwrap().insert(gateway.clone());
    }

    fn hears_itself(&self, _after: Duration) {
        self.heard_itself.fetch_add(1, Ordering::SeqCst);
    }
}

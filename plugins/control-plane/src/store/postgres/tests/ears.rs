//! Somebody who waits for gateways.

use std::collections::BTreeSet;
use std::sync::Mutex;

use kt_control_api::GatewayId;

use crate::store::Waiters;

/// Waits for gateways, and remembers of which it was told.
#[derive(Default)]
pub(in crate::store::postgres) struct Ears {
    pub(in crate::store::postgres) waited_for: Vec<GatewayId>,
    pub(in crate::store::postgres) told: Mutex<BTreeSet<GatewayId>>,
}

impl Waiters for Ears {
    fn waited_for(&self) -> Vec<GatewayId> {
        self.waited_for.clone()
    }

    fn tell(&self, gateway: &GatewayId) {
        self.told.lock().unwrap().insert(gateway.clone());
    }
}

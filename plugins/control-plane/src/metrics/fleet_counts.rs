//! The number of gateways by state.

use std::collections::BTreeMap;

use kt_control_api::{SyncState, Timestamp};

use crate::store::{GatewayFilter, Store, StoreError};

/// Number of gateways read at a time.
const BATCH: usize = 200;

/// The number of gateways by state. Contains every state, also those without gateways.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FleetCounts(pub(super) BTreeMap<&'static str, i64>);

impl FleetCounts {
    /// Counts the gateways of a store.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub(crate) fn read(store: &dyn Store, now: Timestamp) -> Result<Self, StoreError> {
        let mut counts: BTreeMap<_, _> = SyncState::ALL.iter().map(|s| (s.as_str(), 0)).collect();
        let mut filter = GatewayFilter {
            limit: BATCH,
            ..GatewayFilter::default()
        };
        loop {
            let batch = store.list(&filter)?;
            for snapshot in &batch {
                *counts.entry(snapshot.view(now).state.as_str()).or_default() += 1;
            }
            let last = batch.last().filter(|_| batch.len() == BATCH);
            match last {
                Some(last) => filter.after = Some(last.gateway.name.clone()),
                None => return Ok(Self(counts)),
            }
        }
    }
}

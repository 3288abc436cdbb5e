//! How the gateways of a store stand.

use std::collections::BTreeMap;

use kt_control_api::{SyncState, Timestamp};

use crate::store::{GatewayFilter, Store, StoreError};

/// Gateways read at a time.
const BATCH: usize = 200;

/// How many gateways there are, by how they stand. Every state is there, also with none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fleet(pub(super) BTreeMap<&'static str, i64>);

impl Fleet {
    /// Counts the gateways of a store.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn count(store: &dyn Store, now: Timestamp) -> Result<Self, StoreError> {
        let mut counts: BTreeMap<_, _> = SyncState::ALL.iter().map(|s| (s.as_str(), 0)).collect();
        let mut filter = GatewayFilter {
            limit: BATCH,
            ..GatewayFilter::default()
        };
        loop {
            let found = store.list(&filter)?;
            for snapshot in &found {
                *counts.entry(snapshot.view(now).state.as_str()).or_default() += 1;
            }
            let last = found.last().filter(|_| found.len() == BATCH);
            match last {
                Some(last) => filter.after = Some(last.gateway.name.clone()),
                None => return Ok(Self(counts)),
            }
        }
    }
}

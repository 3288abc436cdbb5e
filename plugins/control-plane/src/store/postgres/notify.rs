//! Notifies other servers of what this one has changed.

use kt_control_api::TokenId;

use super::store::PostgresStore;
use crate::store::{ChangeReceipt, StoreError, TokenReceipt};

impl PostgresStore {
    /// Returns a receipt after notifying other servers that a token has ended, with which clients
    /// may be polling.
    pub(super) fn notify_ended(
        &self,
        token: &TokenId,
        outcome: Result<TokenReceipt, StoreError>,
    ) -> Result<TokenReceipt, StoreError> {
        if outcome.is_ok() {
            self.notifications.add_ended_token(token);
        }
        outcome
    }

    /// Returns a receipt after notifying other servers of the change.
    pub(super) fn notify_changed(
        &self,
        outcome: Result<ChangeReceipt, StoreError>,
    ) -> Result<ChangeReceipt, StoreError> {
        if let Ok(receipt) = &outcome
            && !receipt.unchanged
            && !receipt.replayed
        {
            self.notifications.add(&receipt.gateway);
        }
        outcome
    }
}

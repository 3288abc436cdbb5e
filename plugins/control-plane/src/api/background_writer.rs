//! Writes to the store that no request makes: audit events, the times at which tokens were used, the
//! states of gateways, and renewed leases.

use kt_control_api::Timestamp;

use super::error::ApiError;
use crate::store::{AuditEvent, ChangeContext, LeaseRenewal, TokenUse};

/// Executes such writes in the order of the other writes of a server.
///
/// The write queue of a server keeps the file locked almost without a pause, so another connection
/// could wait for the lock without a bound.
pub(crate) trait BackgroundWriter: Send + Sync {
    /// Appends an event to the audit log.
    ///
    /// # Errors
    /// When the event was not written.
    fn record_audit_event(&self, change: ChangeContext, event: AuditEvent) -> Result<(), ApiError>;

    /// Stores when tokens were last used.
    ///
    /// # Errors
    /// When the times were not written.
    fn record_token_uses(&self, uses: Vec<TokenUse>) -> Result<(), ApiError>;

    /// Stores states of gateways.
    ///
    /// # Errors
    /// When the states were not written.
    fn settle_states(&self, now: Timestamp) -> Result<(), ApiError>;

    /// Stores renewals of leases.
    ///
    /// # Errors
    /// When the renewals were not written.
    fn renew_leases(&self, renewals: Vec<LeaseRenewal>) -> Result<(), ApiError>;
}

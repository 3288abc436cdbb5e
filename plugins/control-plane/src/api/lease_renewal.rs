//! Reports that only extend a lease, which a server stores later.

use kt_control_api::{GatewayId, StatusReport};

use super::error::ApiError;
use super::service::Api;
use crate::crash::crash_point;
use crate::store::{GatewayRef, ReportReceipt};

/// How many renewals are stored in one transaction.
const BATCH: usize = 1000;

impl Api {
    /// Acknowledges a report that only extends a lease, to be stored later; `None` when the report
    /// must be stored at once.
    pub(super) fn renew_lease(
        &self,
        gateway: &GatewayId,
        report: &StatusReport,
    ) -> Result<Option<ReportReceipt>, ApiError> {
        let Some(leases) = self.renewed_leases() else {
            return Ok(None);
        };
        let now = self.now();
        if let Some(newest) = leases.not_older_than(gateway, report) {
            let current = self.desired_state(&GatewayRef::Id(gateway.clone()))?;
            return Ok(Some(ReportReceipt {
                lease_until: newest.lease_until,
                ignored: true,
                ..ReportReceipt::new(now, &current, report)
            }));
        }
        let found = self.store().lease_renewal(now, gateway, report);
        Ok(self.store_result(found)?.map(|(receipt, renewal)| {
            leases.add(renewal);
            receipt
        }))
    }

    /// Returns whether leases were renewed that are not stored.
    pub(crate) fn has_renewed_leases(&self) -> bool {
        let leases = self.renewed_leases();
        leases.is_some_and(|leases| !leases.is_empty())
    }

    /// Stores the leases that were renewed since the last time. Those that cannot be stored are
    /// kept for the next time. Blocks.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub(crate) fn store_renewed_leases(&self) -> Result<(), ApiError> {
        let Some(leases) = self.renewed_leases() else {
            return Ok(());
        };
        let all = leases.all();
        crash_point("leases.acknowledged");
        for batch in all.chunks(BATCH) {
            match self.background_writer() {
                Some(writer) => writer.renew_leases(batch.to_vec())?,
                None => self.store_result(self.store().renew_leases(batch))?,
            }
            leases.remove(batch);
        }
        Ok(())
    }
}

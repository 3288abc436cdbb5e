//! Responses to actions on a gateway.

use kt_control_api::{ActionResponse, ConfigVersion, Gateway};

use super::error::ApiError;
use super::reply::HandlerResult;
use super::response::gateway_changed;
use super::service::Api;
use crate::store::{ChangeReceipt, StoreError};

impl Api {
    /// Replies to an action: with `created_status` when it changed something, with 200 otherwise.
    pub(super) fn action_response(
        &self,
        result: Result<ChangeReceipt, StoreError>,
        created_status: u16,
    ) -> HandlerResult {
        let mut receipt = self.store_result(result)?;
        let (gateway, version) = self.state_after(&mut receipt)?;
        let body = ActionResponse {
            gateway,
            unchanged: receipt.unchanged,
            version,
            generation: receipt.generation,
        };
        let status = if receipt.unchanged {
            200
        } else {
            created_status
        };
        gateway_changed(status, &body, &body.gateway, receipt.replayed)
    }

    /// Returns the gateway and the version after a change, which are read if it published none.
    pub(super) fn state_after(
        &self,
        receipt: &mut ChangeReceipt,
    ) -> Result<(Gateway, Option<ConfigVersion>), ApiError> {
        if let Some(published) = receipt.published.take() {
            return Ok((published.0.view(self.now()), Some(published.1)));
        }
        let gateway = self.gateway(&receipt.gateway)?;
        let version = receipt
            .version
            .map(|n| self.store().version(&gateway.id, n))
            .transpose();
        Ok((gateway, self.store_result(version)?))
    }
}

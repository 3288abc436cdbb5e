//! Calls of instances.

use crate::client::call::{NOT_MODIFIED, parse};
use crate::{
    ApiError, Client, DesiredQuery, ErrorClass, Method, PollOutcome, Request, StatusReport,
    StatusResponse, Transport,
};

impl<T: Transport> Client<T> {
    /// Polls for the desired version until it is newer than `query.index`.
    ///
    /// # Errors
    /// `NotFound` when the gateway is deleted.
    pub fn desired(&self, id: &str, query: &DesiredQuery) -> Result<PollOutcome, ApiError> {
        let mut request = Request::new(Method::Get, format!("/v1/gateways/{id}/desired"))
            .with_query("index", query.index)
            .with_query("wait", query.wait);
        if let Some(epoch) = &query.epoch {
            request = request.with_query("epoch", epoch);
        }
        if let Some(instance) = &query.instance {
            request = request.with_query("instance", instance);
        }
        if let Some(generation) = query.halt_generation {
            request = request.with_query("halt_generation", generation);
        }
        let response = self.send(&request)?;
        if response.status == NOT_MODIFIED {
            return Ok(response
                .retry_after()
                .map_or(PollOutcome::Unchanged, |seconds| {
                    PollOutcome::RetryAfter(u16::try_from(seconds).unwrap_or(u16::MAX))
                }));
        }
        let changed = parse(&response, ErrorClass::Unavailable)?;
        Ok(PollOutcome::Changed(Box::new(changed)))
    }

    /// Reports the status of an instance. Needs no idempotency key: a repeated report is ignored.
    ///
    /// # Errors
    /// `NotFound` when the gateway is deleted.
    pub fn report_status(
        &self,
        id: &str,
        report: &StatusReport,
    ) -> Result<StatusResponse, ApiError> {
        self.change(
            Request::new(Method::Post, format!("/v1/gateways/{id}/status")),
            report,
            None,
        )
    }
}

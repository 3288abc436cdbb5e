//! Calls that change what is desired, and the wait for the instances.

use crate::{
    ActionResponse, ApiError, Client, Etag, Method, ReconcileRequest, ReloadRequest, Request,
    RevertRequest, RolloutStatus, Transport,
};

impl<T: Transport> Client<T> {
    /// Publishes content, or asks the gateway to take its source again.
    ///
    /// # Errors
    /// `Usage` with every reason and its place when the configuration is not valid; `Conflict`
    /// when the gateway changed since `if_match`.
    pub fn reload(
        &self,
        id: &str,
        reload: &ReloadRequest,
        if_match: Option<Etag>,
    ) -> Result<ActionResponse, ApiError> {
        self.post(
            format!("/v1/gateways/{id}/actions/reload"),
            reload,
            if_match,
        )
    }

    /// Publishes the content of an older version as the next one.
    ///
    /// # Errors
    /// `NotFound` when there is no such version; `Usage` when it is no longer valid; `Conflict`
    /// when the gateway changed since `if_match`.
    pub fn revert(
        &self,
        id: &str,
        revert: &RevertRequest,
        if_match: Option<Etag>,
    ) -> Result<ActionResponse, ApiError> {
        self.post(
            format!("/v1/gateways/{id}/actions/revert"),
            revert,
            if_match,
        )
    }

    /// Asks every live instance that is not in sync to apply what is desired.
    ///
    /// # Errors
    /// `Conflict` when nothing is desired yet, or when the gateway changed since `if_match`.
    pub fn reconcile(
        &self,
        id: &str,
        reconcile: &ReconcileRequest,
        if_match: Option<Etag>,
    ) -> Result<ActionResponse, ApiError> {
        self.post(
            format!("/v1/gateways/{id}/actions/reconcile"),
            reconcile,
            if_match,
        )
    }

    /// Waits up to `wait` seconds (0 to 300) until every live instance has answered `generation`.
    ///
    /// With a `version`, the wait also ends when another version becomes desired.
    ///
    /// # Errors
    /// `NotFound` when the gateway is deleted meanwhile.
    pub fn rollout(
        &self,
        id: &str,
        generation: u64,
        version: Option<u64>,
        wait: u64,
    ) -> Result<RolloutStatus, ApiError> {
        let mut request = Request::new(Method::Get, format!("/v1/gateways/{id}/rollout"))
            .with_query("generation", generation)
            .with_query("wait", wait);
        if let Some(version) = version {
            request = request.with_query("version", version);
        }
        self.get(&request)
    }
}

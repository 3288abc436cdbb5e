//! Calls that change the desired version or ask instances to act, and their rollout.

use crate::{
    ActionResponse, ApiError, Client, Etag, Gateway, HaltGatewaysRequest, HaltGatewaysResponse,
    HaltRequest, Method, ReconcileRequest, ReloadRequest, Request, RevertRequest, RolloutStatus,
    Transport, UnhaltGatewaysRequest, UnhaltRequest,
};

impl<T: Transport> Client<T> {
    /// Publishes content, or asks the instances to read their source again.
    ///
    /// # Errors
    /// `Usage` with all errors and their locations when the configuration is invalid; `Conflict`
    /// when the gateway was changed since `if_match`.
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
    /// when the gateway was changed since `if_match`.
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

    /// Asks every live instance that is not in sync to apply the desired version.
    ///
    /// # Errors
    /// `Conflict` without a desired version, or when the gateway was changed since `if_match`.
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

    /// Halts a gateway, or replaces reason and end of its halt.
    ///
    /// # Errors
    /// `Usage` when the reason is empty or too long, or the duration is out of bounds; `Conflict`
    /// when the gateway was changed since `if_match`.
    pub fn halt(
        &self,
        id: &str,
        halt: &HaltRequest,
        if_match: Option<Etag>,
    ) -> Result<Gateway, ApiError> {
        self.post(format!("/v1/gateways/{id}/actions/halt"), halt, if_match)
    }

    /// Ends the halt of a gateway.
    ///
    /// # Errors
    /// `Conflict` when the gateway was changed since `if_match`.
    pub fn unhalt(
        &self,
        id: &str,
        unhalt: &UnhaltRequest,
        if_match: Option<Etag>,
    ) -> Result<Gateway, ApiError> {
        self.post(
            format!("/v1/gateways/{id}/actions/unhalt"),
            unhalt,
            if_match,
        )
    }

    /// Halts several gateways, or replaces reason and end of their halts.
    ///
    /// # Errors
    /// As [`Client::halt`]; `NotFound` with a control plane of an older kt.
    pub fn halt_gateways(
        &self,
        halt: &HaltGatewaysRequest,
    ) -> Result<HaltGatewaysResponse, ApiError> {
        let request = Request::new(Method::Post, "/v1/actions/halt");
        self.change(request, halt, None)
    }

    /// Ends the halts of several gateways.
    ///
    /// # Errors
    /// As [`Client::unhalt`]; `NotFound` with a control plane of an older kt.
    pub fn unhalt_gateways(
        &self,
        unhalt: &UnhaltGatewaysRequest,
    ) -> Result<HaltGatewaysResponse, ApiError> {
        let request = Request::new(Method::Post, "/v1/actions/unhalt");
        self.change(request, unhalt, None)
    }

    /// Waits up to `wait` seconds (0 to 300) until every live instance has answered `generation`.
    ///
    /// With a `version`, the wait also ends when another version becomes desired.
    ///
    /// # Errors
    /// `NotFound` when the gateway is deleted.
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

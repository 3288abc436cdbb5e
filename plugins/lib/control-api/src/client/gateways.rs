//! Calls about gateways and about the caller.

use std::collections::BTreeMap;

use crate::client::call::matching;
use crate::{
    ApiError, Client, CreateGatewayRequest, CreateGatewayResponse, Etag, Gateway, GatewayPatch,
    Method, Page, Request, ServiceVersion, SyncState, Transport, WhoAmI,
};

/// Which gateways to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListQuery {
    /// Most items of one page, 1 to 200; the server's 50 when `None`.
    pub limit: Option<u32>,
    /// Where the last page ended.
    pub cursor: Option<String>,
    /// Only names that begin so.
    pub name_prefix: Option<String>,
    /// Only gateways that stand so.
    pub state: Option<SyncState>,
    /// Only gateways with all these labels.
    pub labels: BTreeMap<String, String>,
}

impl<T: Transport> Client<T> {
    /// Registers a gateway.
    ///
    /// # Errors
    /// `Conflict` with `existing_id` when the name is taken; `Usage` with every reason when name
    /// or content is not valid.
    pub fn create_gateway(
        &self,
        new: &CreateGatewayRequest,
    ) -> Result<CreateGatewayResponse, ApiError> {
        self.post("/v1/gateways".to_owned(), new, None)
    }

    /// Lists one page of gateways, by name.
    ///
    /// # Errors
    /// When the query is not valid or the control plane cannot serve it.
    pub fn list_gateways(&self, query: &ListQuery) -> Result<Page<Gateway>, ApiError> {
        let mut request = Request::new(Method::Get, "/v1/gateways");
        if let Some(limit) = query.limit {
            request = request.with_query("limit", limit);
        }
        if let Some(cursor) = &query.cursor {
            request = request.with_query("cursor", cursor);
        }
        if let Some(prefix) = &query.name_prefix {
            request = request.with_query("name_prefix", prefix);
        }
        if let Some(state) = query.state {
            request = request.with_query("state", state);
        }
        if !query.labels.is_empty() {
            let pairs: Vec<_> = query
                .labels
                .iter()
                .map(|(k, v)| format!("{k}={v}"))
                .collect();
            request = request.with_query("label", pairs.join(","));
        }
        self.get(&request)
    }

    /// Returns the gateway with this id or name.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    pub fn gateway(&self, id: &str) -> Result<Gateway, ApiError> {
        self.get(&Request::new(Method::Get, format!("/v1/gateways/{id}")))
    }

    /// Changes name, description or labels.
    ///
    /// # Errors
    /// `Conflict` when the gateway changed since `if_match`, or when the new name is taken.
    pub fn update_gateway(
        &self,
        id: &str,
        patch: &GatewayPatch,
        if_match: Option<Etag>,
    ) -> Result<Gateway, ApiError> {
        self.change(
            Request::new(Method::Patch, format!("/v1/gateways/{id}")),
            patch,
            if_match,
        )
    }

    /// Deletes a gateway. Its history stays; its name becomes free.
    ///
    /// # Errors
    /// `Conflict` when the gateway changed since `if_match`.
    pub fn delete_gateway(&self, id: &str, if_match: Option<Etag>) -> Result<(), ApiError> {
        let request = Request::new(Method::Delete, format!("/v1/gateways/{id}"));
        self.send(&matching(request, if_match)).map(drop)
    }

    /// Returns who the caller is to the control plane.
    ///
    /// # Errors
    /// `Unauthorized` when it does not know the caller.
    pub fn who_am_i(&self) -> Result<WhoAmI, ApiError> {
        self.get(&Request::new(Method::Get, "/v1/whoami"))
    }

    /// Returns what the control plane is.
    ///
    /// # Errors
    /// When it cannot be reached.
    pub fn service_version(&self) -> Result<ServiceVersion, ApiError> {
        self.get(&Request::new(Method::Get, "/v1/version"))
    }
}

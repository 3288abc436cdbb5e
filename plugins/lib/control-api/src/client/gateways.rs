//! Calls about gateways and about the caller.

use std::collections::BTreeMap;

use crate::client::call::matching;
use crate::{
    ApiError, Client, CreateGatewayRequest, CreateGatewayResponse, Etag, Gateway, GatewayPatch,
    Method, Page, Request, ServiceVersion, SyncState, Transport, WhoAmI,
};

/// Selects the gateways to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListQuery {
    /// Maximum number of items on a page, 1 to 200; 50 when `None`.
    pub limit: Option<u32>,
    /// The `next_cursor` of the last page.
    pub cursor: Option<String>,
    /// Only names with this prefix.
    pub name_prefix: Option<String>,
    /// Only gateways in this state.
    pub state: Option<SyncState>,
    /// Only gateways that are halted, whatever their state.
    pub halted: bool,
    /// Only gateways with all these labels.
    pub labels: BTreeMap<String, String>,
}

impl<T: Transport> Client<T> {
    /// Creates a gateway.
    ///
    /// # Errors
    /// `Conflict` with `existing_id` when the name is taken; `Usage` with all errors when the request
    /// is invalid.
    pub fn create_gateway(
        &self,
        new: &CreateGatewayRequest,
    ) -> Result<CreateGatewayResponse, ApiError> {
        self.post("/v1/gateways".to_owned(), new, None)
    }

    /// Lists a page of gateways, ordered by name.
    ///
    /// # Errors
    /// When the query is invalid, or the control plane cannot serve it.
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
        if query.halted {
            request = request.with_query("state", "halted");
        } else if let Some(state) = query.state {
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

    /// Updates the fields of a gateway that users set.
    ///
    /// # Errors
    /// `Conflict` when the gateway was changed since `if_match`, or when the new name is taken.
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

    /// Deletes a gateway. Its audit log stays; its name becomes available.
    ///
    /// # Errors
    /// `Conflict` when the gateway was changed since `if_match`.
    pub fn delete_gateway(&self, id: &str, if_match: Option<Etag>) -> Result<(), ApiError> {
        let request = Request::new(Method::Delete, format!("/v1/gateways/{id}"));
        self.send(&matching(request, if_match)).map(drop)
    }

    /// Returns the identity of the caller.
    ///
    /// # Errors
    /// `Unauthorized` when the token is not accepted.
    pub fn who_am_i(&self) -> Result<WhoAmI, ApiError> {
        self.get(&Request::new(Method::Get, "/v1/whoami"))
    }

    /// Returns the version of the control plane.
    ///
    /// # Errors
    /// When it cannot be reached.
    pub fn service_version(&self) -> Result<ServiceVersion, ApiError> {
        self.get(&Request::new(Method::Get, "/v1/version"))
    }
}

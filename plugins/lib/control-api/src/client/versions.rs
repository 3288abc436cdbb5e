//! Calls about versions of configurations.

use crate::{
    ActionResponse, ApiError, Client, ConfigVersion, ErrorClass, Etag, Method, Page, PruneRequest,
    PruneResponse, PublishRequest, Request, Transport,
};

impl<T: Transport> Client<T> {
    /// Publishes a configuration as the next version and makes it desired.
    ///
    /// # Errors
    /// `Usage` with all errors and their locations when the configuration is invalid; `Conflict`
    /// when the gateway was changed since `if_match`.
    pub fn publish_config(
        &self,
        id: &str,
        publish: &PublishRequest,
        if_match: Option<Etag>,
    ) -> Result<ActionResponse, ApiError> {
        self.post(
            format!("/v1/gateways/{id}/config-versions"),
            publish,
            if_match,
        )
    }

    /// Lists a page of versions, the newest first.
    ///
    /// # Errors
    /// `NotFound` when there is no such gateway.
    pub fn config_versions(
        &self,
        id: &str,
        limit: Option<u32>,
        cursor: Option<&str>,
    ) -> Result<Page<ConfigVersion>, ApiError> {
        let mut request = Request::new(Method::Get, format!("/v1/gateways/{id}/config-versions"));
        if let Some(limit) = limit {
            request = request.with_query("limit", limit);
        }
        if let Some(cursor) = cursor {
            request = request.with_query("cursor", cursor);
        }
        self.get(&request)
    }

    /// Lists the newest versions below `before` that an instance has applied, the newest first.
    ///
    /// # Errors
    /// `NotFound` when there is no such gateway.
    pub fn applied_versions(
        &self,
        id: &str,
        limit: u32,
        before: Option<u64>,
    ) -> Result<Page<ConfigVersion>, ApiError> {
        let mut request = Request::new(Method::Get, format!("/v1/gateways/{id}/config-versions"))
            .with_query("applied", true)
            .with_query("limit", limit);
        if let Some(before) = before {
            request = request.with_query("cursor", before);
        }
        self.get(&request)
    }

    /// Returns one version without its content.
    ///
    /// # Errors
    /// `NotFound` when there is no such gateway or version.
    pub fn config_version(&self, id: &str, version: u64) -> Result<ConfigVersion, ApiError> {
        let path = format!("/v1/gateways/{id}/config-versions/{version}");
        self.get(&Request::new(Method::Get, path))
    }

    /// Pins a version, so that its content is not pruned, or unpins it.
    ///
    /// # Errors
    /// `NotFound` when there is no such gateway or version, or when the content of a version to pin
    /// was pruned.
    pub fn pin_version(
        &self,
        id: &str,
        version: u64,
        pinned: bool,
    ) -> Result<ConfigVersion, ApiError> {
        let method = if pinned { Method::Put } else { Method::Delete };
        let path = format!("/v1/gateways/{id}/config-versions/{version}/pin");
        self.get(&Request::new(method, path))
    }

    /// Prunes the contents of old versions that are not needed.
    ///
    /// # Errors
    /// `NotFound` when there is no such gateway; `Usage` when no version would keep its content;
    /// `Conflict` when the gateway was changed since `if_match`.
    pub fn prune_versions(
        &self,
        id: &str,
        prune: &PruneRequest,
        if_match: Option<Etag>,
    ) -> Result<PruneResponse, ApiError> {
        self.post(format!("/v1/gateways/{id}/actions/prune"), prune, if_match)
    }

    /// Returns the content of one version, verbatim.
    ///
    /// # Errors
    /// `NotFound` when there is no such gateway or version, or when its content was pruned.
    pub fn config_content(&self, id: &str, version: u64) -> Result<String, ApiError> {
        let path = format!("/v1/gateways/{id}/config-versions/{version}/content");
        let response = self.send(&Request::new(Method::Get, path))?;
        response.body.ok_or_else(|| {
            ApiError::without_problem(
                ErrorClass::Unavailable,
                response.status,
                "the response has no body",
            )
        })
    }
}

//! Calls about tokens.

use crate::{
    ApiError, Client, CreateTokenRequest, IssuedToken, Method, Page, Request, RotateTokenRequest,
    TokenId, TokenInfo, Transport,
};

/// Selects the tokens to list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TokenQuery {
    /// Maximum number of items on a page, 1 to 200; 50 when `None`.
    pub limit: Option<u32>,
    /// The `next_cursor` of the last page.
    pub cursor: Option<String>,
    /// Only tokens that are accepted now, or only those that are not.
    pub active: Option<bool>,
    /// Only tokens for the gateway with this id or name.
    pub gateway: Option<String>,
}

impl<T: Transport> Client<T> {
    /// Creates a token. Only this response holds it.
    ///
    /// # Errors
    /// `Usage` with all errors when the request is invalid; `NotFound` when there is no such gateway.
    pub fn create_token(&self, new: &CreateTokenRequest) -> Result<IssuedToken, ApiError> {
        self.post("/v1/tokens".to_owned(), new, None)
    }

    /// Lists a page of tokens, the newest first.
    ///
    /// # Errors
    /// When the query is invalid, or the control plane cannot serve it.
    pub fn tokens(&self, query: &TokenQuery) -> Result<Page<TokenInfo>, ApiError> {
        let mut request = Request::new(Method::Get, "/v1/tokens");
        if let Some(limit) = query.limit {
            request = request.with_query("limit", limit);
        }
        if let Some(cursor) = &query.cursor {
            request = request.with_query("cursor", cursor);
        }
        if let Some(active) = query.active {
            request = request.with_query("active", active);
        }
        if let Some(gateway) = &query.gateway {
            request = request.with_query("gateway", gateway);
        }
        self.get(&request)
    }

    /// Returns the description of a token.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    pub fn token(&self, id: &TokenId) -> Result<TokenInfo, ApiError> {
        self.get(&Request::new(Method::Get, format!("/v1/tokens/{id}")))
    }

    /// Revokes a token. Does nothing if it is revoked already.
    ///
    /// # Errors
    /// `NotFound` when there is none.
    pub fn revoke_token(&self, id: &TokenId) -> Result<TokenInfo, ApiError> {
        self.get(&Request::new(Method::Delete, format!("/v1/tokens/{id}")))
    }

    /// Replaces a token with another one of the same scope. Only this response holds it.
    ///
    /// # Errors
    /// `NotFound` when there is none; `Conflict` when it is revoked or expired.
    pub fn rotate_token(
        &self,
        id: &TokenId,
        rotate: &RotateTokenRequest,
    ) -> Result<IssuedToken, ApiError> {
        self.post(format!("/v1/tokens/{id}/rotate"), rotate, None)
    }
}

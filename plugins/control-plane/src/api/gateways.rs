//! Gateways, the caller, and the control plane itself.

use std::collections::BTreeMap;

use kt_control_api::{
    CreateGatewayRequest, CreateGatewayResponse, Gateway, GatewayId, GatewayPatch, Page,
    ProblemCode, ProblemItem, ProcessIdentity, ServiceMode, ServiceVersion, SyncState, Token,
    TokenId, TokenKind, VersionOrigin, WhoAmI,
};

use super::checks::check_source;
use super::error::{ApiError, api_error, validation_failed};
use super::input;
use super::limits::{DEFAULT_PAGE, MAX_PAGE};
use super::pagination::page;
use super::principal::Scope;
use super::reply::{HandlerResult, Reply, WakeTarget};
use super::response::{empty, gateway_changed, json, set_etag};
use super::service::{Api, RequestContext};
use crate::store::{
    GatewayFilter, GatewayRef, GatewayRow, ListedState, NewGateway, NewToken, NewVersion,
    StateFilter, StoreError, StoredScope,
};

/// Number of gateways read at a time to fill a page.
const BATCH: usize = 50;
/// Number of instances after which a page ends, since each of its gateways may have thousands.
const MAX_PAGE_INSTANCES: usize = 5000;

impl Api {
    pub(super) fn readiness(&self) -> HandlerResult {
        self.store_result(self.store().probe())?;
        json(200, &serde_json::json!({"status": "ready"}))
    }

    pub(super) fn version(&self) -> HandlerResult {
        let version = ServiceVersion {
            product: "kt".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            api: "v1".to_owned(),
            schema: self.store().schema(),
            service: self.service(),
        };
        json(200, &version)
    }

    pub(super) fn who_am_i(context: &RequestContext<'_>) -> HandlerResult {
        let (scope, gateway) = match &context.caller.scope {
            Scope::Admin => ("admin", None),
            Scope::Read => ("read", None),
            Scope::Gateway(id) => ("gateway", Some(id.clone())),
            Scope::Bootstrap => ("bootstrap", None),
            Scope::None => ("none", None),
        };
        let me = WhoAmI {
            actor: context.caller.actor.clone(),
            scope: scope.to_owned(),
            gateway,
            token: context.caller.token.clone(),
            expires_at: context.caller.expires_at,
        };
        json(200, &me)
    }

    pub(super) fn create_gateway(&self, context: &RequestContext<'_>) -> HandlerResult {
        let body: CreateGatewayRequest = input::json_body(context.request)?;
        require_valid(body.validate())?;
        let id = GatewayId::random();
        let bootstrap_token = bootstrap_token(context);
        let token = self.token_for(&body, bootstrap_token.is_some());
        let new = NewGateway {
            gateway: GatewayRow::new(id.clone(), &body),
            version: self.first_version(context, body.content, body.source, body.message)?,
            token: token.as_ref().map(|token| {
                NewToken::of(
                    token,
                    StoredScope::Gateway(id.clone()),
                    &format!("gateway:{id}"),
                )
            }),
            bootstrap_token,
        };
        let mut receipt = match self.store().create(&self.change(context)?, &new) {
            // A concurrent request used it.
            Err(StoreError::TokenInactive(_)) => {
                let detail = "the bootstrap token was already used, was revoked or has expired";
                return Err(api_error(ProblemCode::Unauthenticated, detail));
            }
            receipt => self.store_result(receipt)?,
        };
        let (gateway, version) = self.state_after(&mut receipt)?;
        let created = CreateGatewayResponse {
            version,
            // A replayed request creates no token, and the first one is not stored in clear text.
            token: token.filter(|_| !receipt.replayed),
            gateway,
        };
        let mut reply = gateway_changed(201, &created, &created.gateway, receipt.replayed)?;
        if let Reply::Complete(complete) = &mut reply {
            let location = format!("/v1/gateways/{}", created.gateway.id);
            let headers = &mut complete.response.headers;
            headers.insert("location".to_owned(), location);
        }
        Ok(reply)
    }

    /// Returns the token of a new gateway. A caller with a bootstrap token always gets one,
    /// because a bootstrap token allows nothing else.
    fn token_for(&self, body: &CreateGatewayRequest, bootstrap: bool) -> Option<Token> {
        let issue = (body.issue_token || bootstrap) && self.service() == ServiceMode::Server;
        issue.then(|| Token::random(TokenKind::Gateway))
    }

    fn first_version(
        &self,
        context: &RequestContext<'_>,
        content: Option<String>,
        source: Option<String>,
        message: Option<String>,
    ) -> Result<Option<NewVersion>, ApiError> {
        check_source(source.as_deref(), message.as_deref())?;
        content
            .map(|content| {
                self.valid_version(context, content, source, message, VersionOrigin::Create)
            })
            .transpose()
    }

    pub(super) fn list_gateways(&self, context: &RequestContext<'_>) -> HandlerResult {
        let request = context.request;
        let limit = input::bounded(request, "limit", DEFAULT_PAGE, 1, MAX_PAGE)? as usize;
        let state = request
            .query
            .get("state")
            .map(|word| parse_state(word))
            .transpose()?;
        let mut filter = GatewayFilter {
            after: request.query.get("cursor").cloned(),
            prefix: request
                .query
                .get("name_prefix")
                .cloned()
                .unwrap_or_default(),
            labels: parse_labels(request.query.get("label").map_or("", String::as_str))?,
            state: state.map(|state| StateFilter {
                state,
                now: self.now(),
                boot_id: ProcessIdentity::current_boot_id(),
            }),
            limit: 0,
        };
        if state.is_some() && self.service() == ServiceMode::Embedded {
            // The list is the same without; a server does it all the time.
            drop(self.settle_states());
        }
        let mut items: Vec<Gateway> = Vec::new();
        while items.len() <= limit {
            filter.limit = BATCH.min(limit + 1 - items.len());
            let batch = self.store_result(self.store().list(&filter))?;
            let is_last = batch.len() < filter.limit;
            filter.after = batch.last().map(|last| last.gateway.name.clone());
            let now = filter
                .state
                .as_ref()
                .map_or_else(|| self.now(), |state| state.now);
            let views = batch.iter().map(|snapshot| snapshot.view(now));
            items.extend(views.filter(|view| state.is_none_or(|state| selects(state, view))));
            if is_last {
                break;
            }
            // A page has at least one item: clients take an empty one for the last one.
            let instances: usize = items.iter().map(|gateway| gateway.instances.len()).sum();
            if instances >= MAX_PAGE_INSTANCES && items.len() <= limit {
                let next_cursor = filter.after;
                return json(200, &Page { items, next_cursor });
            }
        }
        json(200, &page(items, limit, |gateway| gateway.name.clone()))
    }

    pub(super) fn inspect_gateway(
        &self,
        context: &RequestContext<'_>,
        key: &GatewayRef,
    ) -> HandlerResult {
        let gateway = self.find(key)?.view(self.now());
        context.caller.require_gateway_read(&gateway.id)?;
        let mut reply = json(200, &gateway)?;
        if let Reply::Complete(complete) = &mut reply {
            set_etag(&mut complete.response, &gateway);
        }
        Ok(reply)
    }

    pub(super) fn update_gateway(
        &self,
        context: &RequestContext<'_>,
        key: &GatewayRef,
    ) -> HandlerResult {
        let patch: GatewayPatch = input::json_body(context.request)?;
        require_valid(patch.validate())?;
        let receipt =
            self.store_result(self.store().update(&self.change(context)?, key, &patch))?;
        let gateway = self.gateway(&receipt.gateway)?;
        gateway_changed(200, &gateway, &gateway, receipt.replayed)
    }

    pub(super) fn delete_gateway(
        &self,
        context: &RequestContext<'_>,
        key: &GatewayRef,
    ) -> HandlerResult {
        let receipt = self.store_result(self.store().delete(&self.change(context)?, key))?;
        Ok(Reply::complete(
            empty(204),
            WakeTarget::Gateway(receipt.gateway),
        ))
    }
}

/// Returns the bootstrap token of the caller, which the registration consumes.
fn bootstrap_token(context: &RequestContext<'_>) -> Option<TokenId> {
    let token = context.caller.token.clone();
    token.filter(|_| context.caller.scope == Scope::Bootstrap)
}

fn require_valid(errors: Vec<ProblemItem>) -> Result<(), ApiError> {
    if errors.is_empty() {
        Ok(())
    } else {
        Err(validation_failed(errors))
    }
}

fn selects(state: ListedState, gateway: &Gateway) -> bool {
    match state {
        ListedState::Sync(state) => gateway.state == state,
        ListedState::Halted => gateway.halt.is_some(),
    }
}

fn parse_state(word: &str) -> Result<ListedState, ApiError> {
    if word == "halted" {
        return Ok(ListedState::Halted);
    }
    SyncState::parse(word)
        .map(ListedState::Sync)
        .ok_or_else(|| api_error(ProblemCode::MalformedRequest, "`state` is not a state"))
}

/// Parses `key=value,key=value`.
fn parse_labels(text: &str) -> Result<BTreeMap<String, String>, ApiError> {
    let bad = || {
        api_error(
            ProblemCode::MalformedRequest,
            "`label` must have the form `key=value,…`",
        )
    };
    text.split(',')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').ok_or_else(bad))
        .map(|pair| pair.map(|(key, value)| (key.to_owned(), value.to_owned())))
        .collect()
}

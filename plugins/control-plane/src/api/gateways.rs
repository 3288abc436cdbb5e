//! Gateways, the caller, and the control plane itself.

use std::collections::BTreeMap;

use kt_control_api::{
    CreateGatewayRequest, CreateGatewayResponse, Gateway, GatewayId, GatewayPatch, Page,
    ProblemCode, ProblemItem, ServiceMode, ServiceVersion, SyncState, Token, TokenId, TokenKind,
    VersionOrigin, WhoAmI,
};

use super::config::check_told;
use super::refusal::{Refusal, invalid, refuse};
use super::respond::{Outcome, Touched, changed, done, empty, json, tag};
use super::service::Call;
use super::{Api, Handled, Scope, input};
use crate::store::{
    GatewayFilter, GatewayRef, GatewayRow, NewGateway, NewToken, NewVersion, StoreError,
    StoredScope,
};

/// Gateways read at a time while a page is filled.
const BATCH: usize = 200;

impl Api {
    pub(super) fn ready(&self) -> Outcome {
        self.explained(self.store().probe())?;
        json(200, &serde_json::json!({"status": "ready"}))
    }

    pub(super) fn version(&self) -> Outcome {
        let version = ServiceVersion {
            product: "kt".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            api: "v1".to_owned(),
            schema: self.store().schema(),
            service: self.service(),
        };
        json(200, &version)
    }

    pub(super) fn who_am_i(call: &Call<'_>) -> Outcome {
        let (scope, gateway) = match &call.caller.scope {
            Scope::Admin => ("admin", None),
            Scope::Read => ("read", None),
            Scope::Gateway(id) => ("gateway", Some(id.clone())),
            Scope::Bootstrap => ("bootstrap", None),
            Scope::None => ("none", None),
        };
        let me = WhoAmI {
            actor: call.caller.actor.clone(),
            scope: scope.to_owned(),
            gateway,
            token: call.caller.token.clone(),
            expires_at: call.caller.expires_at,
        };
        json(200, &me)
    }

    pub(super) fn create(&self, call: &Call<'_>) -> Outcome {
        let body: CreateGatewayRequest = input::body(call.request)?;
        must_be_valid(body.validate())?;
        let id = GatewayId::random();
        let spends = spent_by(call);
        let token = self.token_for(&body, spends.is_some());
        let new = NewGateway {
            gateway: GatewayRow::new(id.clone(), &body),
            version: self.first_version(call, body.content, body.source, body.message)?,
            token: token.as_ref().map(|token| {
                NewToken::of(
                    token,
                    StoredScope::Gateway(id.clone()),
                    &format!("gateway:{id}"),
                )
            }),
            bootstrap_token: spends,
        };
        let receipt = match self.store().create(&self.change(call)?, &new) {
            // Somebody else was faster with it.
            Err(StoreError::TokenInactive(_)) => {
                let detail = "the bootstrap token was used or revoked, or has expired";
                return Err(refuse(ProblemCode::Unauthenticated, detail));
            }
            receipt => self.explained(receipt)?,
        };
        let gateway = self
            .find(&GatewayRef::Id(receipt.gateway.clone()))?
            .view(self.now());
        let version = receipt
            .version
            .map(|n| self.store().version(&gateway.id, n))
            .transpose();
        let created = CreateGatewayResponse {
            version: self.explained(version)?,
            // A repeated request made no token, and the one made before is not kept in clear.
            token: token.filter(|_| !receipt.replayed),
            gateway,
        };
        let mut outcome = changed(201, &created, &created.gateway, receipt.replayed)?;
        if let Handled::Done(answer) = &mut outcome {
            let location = format!("/v1/gateways/{}", created.gateway.id);
            answer
                .response
                .headers
                .insert("location".to_owned(), location);
        }
        Ok(outcome)
    }

    /// What the gateway is to call with. Who registers it with a token that is of no use for
    /// anything else gets one in any case.
    fn token_for(&self, body: &CreateGatewayRequest, bootstrap: bool) -> Option<Token> {
        let wanted = (body.issue_token || bootstrap) && self.service() == ServiceMode::Server;
        wanted.then(|| Token::random(TokenKind::Gateway))
    }

    fn first_version(
        &self,
        call: &Call<'_>,
        content: Option<String>,
        source: Option<String>,
        message: Option<String>,
    ) -> Result<Option<NewVersion>, Refusal> {
        check_told(source.as_deref(), message.as_deref())?;
        content
            .map(|content| self.checked(call, content, source, message, VersionOrigin::Create))
            .transpose()
    }

    pub(super) fn list(&self, call: &Call<'_>) -> Outcome {
        let request = call.request;
        let limit = input::bounded(request, "limit", 50, 1, 200)? as usize;
        let state = request
            .query
            .get("state")
            .map(|word| wanted_state(word))
            .transpose()?;
        let mut filter = GatewayFilter {
            after: request.query.get("cursor").cloned(),
            prefix: request
                .query
                .get("name_prefix")
                .cloned()
                .unwrap_or_default(),
            labels: labels(request.query.get("label").map_or("", String::as_str))?,
            limit: BATCH,
        };
        let mut items = Vec::new();
        let mut more = true;
        while more && items.len() <= limit {
            let batch = self.explained(self.store().list(&filter))?;
            more = batch.len() == BATCH;
            filter.after = batch.last().map(|last| last.gateway.name.clone());
            let now = self.now();
            let views = batch.iter().map(|snapshot| snapshot.view(now));
            items.extend(views.filter(|view| state.is_none_or(|state| view.state == state)));
        }
        json(200, &page(items, limit, |gateway| gateway.name.clone()))
    }

    pub(super) fn inspect(&self, call: &Call<'_>, key: &GatewayRef) -> Outcome {
        let gateway = self.find(key)?.view(self.now());
        call.caller.must_see(&gateway.id)?;
        let mut outcome = json(200, &gateway)?;
        if let Handled::Done(answer) = &mut outcome {
            tag(&mut answer.response, &gateway);
        }
        Ok(outcome)
    }

    pub(super) fn update(&self, call: &Call<'_>, key: &GatewayRef) -> Outcome {
        let patch: GatewayPatch = input::body(call.request)?;
        must_be_valid(patch.validate())?;
        let receipt = self.explained(self.store().update(&self.change(call)?, key, &patch))?;
        let gateway = self
            .find(&GatewayRef::Id(receipt.gateway))?
            .view(self.now());
        changed(200, &gateway, &gateway, receipt.replayed)
    }

    pub(super) fn delete(&self, call: &Call<'_>, key: &GatewayRef) -> Outcome {
        let receipt = self.explained(self.store().delete(&self.change(call)?, key))?;
        Ok(done(empty(204), Touched::Gateway(receipt.gateway)))
    }
}

/// The token that ends when its holder has registered a gateway.
fn spent_by(call: &Call<'_>) -> Option<TokenId> {
    let token = call.caller.token.clone();
    token.filter(|_| call.caller.scope == Scope::Bootstrap)
}

fn must_be_valid(errors: Vec<ProblemItem>) -> Result<(), Refusal> {
    if errors.is_empty() {
        Ok(())
    } else {
        Err(invalid(errors))
    }
}

fn wanted_state(word: &str) -> Result<SyncState, Refusal> {
    SyncState::parse(word)
        .ok_or_else(|| refuse(ProblemCode::MalformedRequest, "`state` is not a state"))
}

/// Reads `key=value,key=value`.
fn labels(text: &str) -> Result<BTreeMap<String, String>, Refusal> {
    let bad = || {
        refuse(
            ProblemCode::MalformedRequest,
            "`label` must read key=value,…",
        )
    };
    text.split(',')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').ok_or_else(bad))
        .map(|pair| pair.map(|(key, value)| (key.to_owned(), value.to_owned())))
        .collect()
}

/// Cuts what was read to one page. There must be one item more than fits if there is a next page.
pub(super) fn page<T>(mut items: Vec<T>, limit: usize, cursor: impl Fn(&T) -> String) -> Page<T> {
    let more = items.len() > limit;
    items.truncate(limit);
    let next_cursor = items.last().filter(|_| more).map(cursor);
    Page { items, next_cursor }
}

/// The answer of a gateway's own view, used by the actions.
pub(super) fn view(api: &Api, id: &GatewayId) -> Result<Gateway, Refusal> {
    Ok(api.find(&GatewayRef::Id(id.clone()))?.view(api.now()))
}

//! Configuration versions and their contents.

use kt_control_api::{ContentHash, VersionOrigin};
use sha2::{Digest, Sha256};

use super::checks::parse_version;
use super::input;
use super::limits::{DEFAULT_PAGE, MAX_PAGE};
use super::pagination::page;
use super::principal::Scope;
use super::reply::{HandlerResult, Reply, WakeTarget};
use super::response::{empty, json, with_body};
use super::service::{Api, RequestContext};
use super::submitted_config::publish_body;
use crate::store::GatewayRef;

impl Api {
    pub(super) fn list_versions(
        &self,
        context: &RequestContext<'_>,
        key: &GatewayRef,
    ) -> HandlerResult {
        let limit = input::bounded(context.request, "limit", DEFAULT_PAGE, 1, MAX_PAGE)? as usize;
        let before = input::numeric_cursor(context.request)?;
        let applied = input::query(context.request, "applied")?.unwrap_or(false);
        let gateway = self.readable_gateway(context, key)?;
        let versions = if applied {
            self.store().applied_versions(&gateway, before, limit + 1)
        } else {
            self.store().versions(&gateway, before, limit + 1)
        };
        let versions = self.store_result(versions)?;
        json(
            200,
            &page(versions, limit, |version| version.version.to_string()),
        )
    }

    pub(super) fn inspect_version(
        &self,
        context: &RequestContext<'_>,
        key: &GatewayRef,
        number: &str,
    ) -> HandlerResult {
        let gateway = self.readable_gateway(context, key)?;
        let version = self.store().version(&gateway, parse_version(number)?);
        json(200, &self.store_result(version)?)
    }

    pub(super) fn version_content(
        &self,
        context: &RequestContext<'_>,
        key: &GatewayRef,
        number: &str,
    ) -> HandlerResult {
        let gateway = self.readable_gateway(context, key)?;
        let content = self.store().content(&gateway, parse_version(number)?);
        let content = self.store_result(content)?;
        // The hash of the bytes, not of the version: after a restore, the same number may belong
        // to a version with the same meaning and other bytes.
        let hash = ContentHash::from_bytes(Sha256::digest(&content).into());
        let etag = format!("\"sha256-{hash}\"");
        let mut response = if input::none_match(context.request, &etag) {
            with_body(200, "application/yaml", content)
        } else {
            empty(304)
        };
        let cache_control = "private, max-age=31536000, immutable".to_owned();
        let headers = &mut response.headers;
        headers.insert("etag".to_owned(), etag);
        headers.insert("cache-control".to_owned(), cache_control);
        Ok(Reply::complete(response, WakeTarget::None))
    }

    pub(super) fn publish(&self, context: &RequestContext<'_>, key: &GatewayRef) -> HandlerResult {
        // An administrator may write to every gateway, so the lookup is not needed.
        let key = match context.caller.scope {
            Scope::Admin => key.clone(),
            _ => GatewayRef::Id(self.readable_gateway(context, key)?),
        };
        if let GatewayRef::Id(gateway) = &key {
            context.caller.require_gateway_write(gateway)?;
        }
        let body = publish_body(context.request)?;
        // A gateway may publish only the file that it was started with.
        if matches!(context.caller.scope, Scope::Gateway(_)) && !body.from_file {
            context.caller.require_admin()?;
        }
        let origin = if body.from_file {
            VersionOrigin::File
        } else {
            VersionOrigin::Reload
        };
        let new = self.valid_version(context, body.content, body.source, body.message, origin)?;
        let receipt = self.store().publish(&self.change(context)?, &key, &new);
        self.action_response(receipt, 201)
    }
}

//! Config versions and their contents.

use kt_control_api::{
    ContentHash, GatewayId, MAX_CONTENT_BYTES, ProblemCode, ProblemItem, PublishRequest, Request,
    VersionOrigin, validate_message,
};
use sha2::{Digest, Sha256};

use super::gateways::page;
use super::refusal::{Refusal, invalid, out_of_bounds, refuse};
use super::respond::{Outcome, Touched, done, empty, json};
use super::service::Call;
use super::{Api, Scope, input};
use crate::store::{GatewayRef, NewVersion};

/// Longest name of a source file in characters.
pub(super) const MAX_SOURCE_CHARS: usize = 4096;

impl Api {
    pub(super) fn versions(&self, call: &Call<'_>, key: &GatewayRef) -> Outcome {
        let limit = input::bounded(call.request, "limit", 50, 1, 200)? as usize;
        let before = input::place(call.request)?;
        let gateway = self.visible(call, key)?;
        let found = self.explained(self.store().versions(&gateway, before, limit + 1))?;
        json(
            200,
            &page(found, limit, |version| version.version.to_string()),
        )
    }

    pub(super) fn config_version(&self, call: &Call<'_>, key: &GatewayRef, n: &str) -> Outcome {
        let gateway = self.visible(call, key)?;
        json(
            200,
            &self.explained(self.store().version(&gateway, number(n)?))?,
        )
    }

    pub(super) fn config_content(&self, call: &Call<'_>, key: &GatewayRef, n: &str) -> Outcome {
        let gateway = self.visible(call, key)?;
        let content = self.explained(self.store().content(&gateway, number(n)?))?;
        // Of the bytes: after a restore, the number may be that of a version which means the same
        // and differs in them, and parts of the two must not be put together.
        let hash = ContentHash::from_bytes(Sha256::digest(&content).into());
        let etag = format!("\"sha256-{hash}\"");
        let kept = "private, max-age=31536000, immutable".to_owned();
        let mut response = empty(304);
        if !input::has(call.request, &etag) {
            response.status = 200;
            response.body = Some(content);
            let kind = "application/yaml".to_owned();
            response.headers.insert("content-type".to_owned(), kind);
        }
        response.headers.insert("etag".to_owned(), etag);
        response.headers.insert("cache-control".to_owned(), kept);
        Ok(done(response, Touched::Nobody))
    }

    pub(super) fn publish(&self, call: &Call<'_>, key: &GatewayRef) -> Outcome {
        // Who may do everything need not be asked for each gateway.
        let key = match call.caller.scope {
            Scope::Admin => key.clone(),
            _ => GatewayRef::Id(self.visible(call, key)?),
        };
        if let GatewayRef::Id(gateway) = &key {
            call.caller.must_act_for(gateway)?;
        }
        let body = publication(call.request)?;
        // A gateway may publish the file it was started with, and nothing in other names.
        if matches!(call.caller.scope, Scope::Gateway(_)) && !body.from_file {
            call.caller.must_be_admin()?;
        }
        let origin = if body.from_file {
            VersionOrigin::File
        } else {
            VersionOrigin::Reload
        };
        let new = self.checked(call, body.content, body.source, body.message, origin)?;
        let receipt = self.store().publish(&self.change(call)?, &key, &new);
        self.acted(receipt, 201)
    }

    /// Passes a configuration that may be stored.
    pub(super) fn checked(
        &self,
        call: &Call<'_>,
        content: String,
        source: Option<String>,
        message: Option<String>,
        origin: VersionOrigin,
    ) -> Result<NewVersion, Refusal> {
        if content.len() > MAX_CONTENT_BYTES {
            let detail = format!("a configuration has at most {MAX_CONTENT_BYTES} bytes");
            return Err(refuse(ProblemCode::BodyTooLarge, detail));
        }
        check_told(source.as_deref(), message.as_deref())?;
        let verdict = call.verdict.cloned();
        let verdict = verdict.unwrap_or_else(|| self.verdict(source.as_deref(), &content));
        let sha256 = verdict.0.map_err(invalid)?;
        Ok(NewVersion {
            content,
            sha256,
            origin,
            source,
            message,
        })
    }

    /// Finds a gateway that the caller may see.
    pub(super) fn visible(&self, call: &Call<'_>, key: &GatewayRef) -> Result<GatewayId, Refusal> {
        let gateway = self.find(key)?.gateway.id;
        call.caller.must_see(&gateway)?;
        Ok(gateway)
    }
}

pub(super) fn publication(request: &Request) -> Result<PublishRequest, Refusal> {
    match input::media_type(request) {
        "application/yaml" | "application/x-yaml" | "text/yaml" => Ok(PublishRequest {
            content: request.body.clone().unwrap_or_default(),
            ..PublishRequest::default()
        }),
        _ => input::body(request),
    }
}

/// Reads the number of a version from a path.
pub(super) fn number(text: &str) -> Result<u64, Refusal> {
    let missing = || refuse(ProblemCode::NotFound, "there is no such version");
    // The store counts in 63 bits.
    text.parse::<u64>()
        .ok()
        .filter(|n| i64::try_from(*n).is_ok())
        .ok_or_else(missing)
}

/// Checks what is told of a configuration, also where there is none.
pub(super) fn check_told(source: Option<&str>, message: Option<&str>) -> Result<(), Refusal> {
    check_reason("/message", message)?;
    if source.is_some_and(|name| name.chars().count() > MAX_SOURCE_CHARS) {
        let item = ProblemItem::at("/source", "out-of-bounds", "the file name is too long");
        return Err(invalid(vec![item]));
    }
    Ok(())
}

/// Checks why somebody asks for something.
pub(super) fn check_reason(pointer: &str, text: Option<&str>) -> Result<(), Refusal> {
    match text.map(validate_message) {
        Some(Err(error)) => Err(invalid(vec![out_of_bounds(pointer, &error)])),
        _ => Ok(()),
    }
}

//! What is found out of a configuration before its change is carried out: that takes time, and
//! no store, and changes wait for each other.

use kt_control_api::{
    ContentHash, CreateGatewayRequest, MAX_CONTENT_BYTES, ProblemItem, PublishRequest,
    ReloadRequest, Request,
};

use super::config::publication;
use super::router::operation;
use super::{Api, Principal, Scope, input};

/// What the validator says of the configuration in a request.
#[derive(Debug, Clone)]
pub(crate) struct Verdict(pub(super) Result<ContentHash, Vec<ProblemItem>>);

/// The name of a configuration's file, if it is told, and the configuration.
pub(super) type Held = (Option<String>, String);

impl Api {
    /// Judges the configuration that a request holds; nothing where it holds none, or none that
    /// can be read, which the request's own handler explains.
    pub(crate) fn judge(&self, request: &Request, caller: &Principal) -> Option<Verdict> {
        // Others are refused anyway, and should not cost anything before.
        if matches!(caller.scope, Scope::Read | Scope::None) {
            return None;
        }
        let (source, content) = operation(request)?.holds?(request)?;
        let fits = content.len() <= MAX_CONTENT_BYTES;
        fits.then(|| self.verdict(source.as_deref(), &content))
    }

    pub(super) fn verdict(&self, source: Option<&str>, content: &str) -> Verdict {
        let name = source.unwrap_or("policy-config.yaml");
        Verdict(self.validator().check(name, content))
    }
}

pub(super) fn of_publication(request: &Request) -> Option<Held> {
    let body: PublishRequest = publication(request).ok()?;
    Some((body.source, body.content))
}

pub(super) fn of_reload(request: &Request) -> Option<Held> {
    let body: ReloadRequest = input::body(request).ok()?;
    Some((body.source, body.content?))
}

pub(super) fn of_creation(request: &Request) -> Option<Held> {
    let body: CreateGatewayRequest = input::body(request).ok()?;
    Some((body.source, body.content?))
}

//! Validation of configurations, also ahead of the change that stores them: it takes time and
//! does not need the store, whose writes are executed one after the other.

use kt_control_api::{MAX_CONTENT_BYTES, ProblemCode, Request, VersionOrigin};

use super::checks::check_source;
use super::error::{ApiError, api_error, validation_failed};
use super::principal::{Principal, Scope};
use super::router::operation;
use super::service::{Api, RequestContext};
use crate::store::NewVersion;
use crate::validator::ValidationResult;

impl Api {
    /// Validates the configuration in the body of a request. `None` when there is none or the
    /// body cannot be parsed, which the handler of the request reports.
    pub(crate) fn validate_ahead(
        &self,
        request: &Request,
        caller: &Principal,
    ) -> Option<ValidationResult> {
        // The request will be rejected, and should not cost time before.
        if matches!(caller.scope, Scope::Read | Scope::None) {
            return None;
        }
        let config = operation(request)?.config_in_body?(request)?;
        let fits = config.content.len() <= MAX_CONTENT_BYTES;
        fits.then(|| self.validate(config.source.as_deref(), &config.content))
    }

    fn validate(&self, source: Option<&str>, content: &str) -> ValidationResult {
        let name = source.unwrap_or("policy-config.yaml");
        self.validator().check(name, content)
    }

    /// Returns the version to store for a configuration that is valid.
    pub(super) fn valid_version(
        &self,
        context: &RequestContext<'_>,
        content: String,
        source: Option<String>,
        message: Option<String>,
        origin: VersionOrigin,
    ) -> Result<NewVersion, ApiError> {
        if content.len() > MAX_CONTENT_BYTES {
            let detail = format!("a configuration has at most {MAX_CONTENT_BYTES} bytes");
            return Err(api_error(ProblemCode::BodyTooLarge, detail));
        }
        check_source(source.as_deref(), message.as_deref())?;
        let ahead = context.validation.cloned();
        let validation = ahead.unwrap_or_else(|| self.validate(source.as_deref(), &content));
        let sha256 = validation.map_err(validation_failed)?;
        Ok(NewVersion {
            content,
            sha256,
            origin,
            source,
            message,
        })
    }
}

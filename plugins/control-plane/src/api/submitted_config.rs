//! Configurations in the bodies of requests.

use kt_control_api::{CreateGatewayRequest, PublishRequest, ReloadRequest, Request};

use super::error::ApiError;
use super::input;

/// A configuration in the body of a request.
pub(super) struct SubmittedConfig {
    /// The name of its file.
    pub(super) source: Option<String>,
    /// Its text.
    pub(super) content: String,
}

/// Reads the body of a request to publish a version: JSON, or the configuration itself.
pub(super) fn publish_body(request: &Request) -> Result<PublishRequest, ApiError> {
    match input::media_type(request) {
        "application/yaml" | "application/x-yaml" | "text/yaml" => Ok(PublishRequest {
            content: request.body.clone().unwrap_or_default(),
            ..PublishRequest::default()
        }),
        _ => input::json_body(request),
    }
}

pub(super) fn in_publish(request: &Request) -> Option<SubmittedConfig> {
    let body = publish_body(request).ok()?;
    Some(SubmittedConfig {
        source: body.source,
        content: body.content,
    })
}

pub(super) fn in_reload(request: &Request) -> Option<SubmittedConfig> {
    let body: ReloadRequest = input::json_body(request).ok()?;
    Some(SubmittedConfig {
        source: body.source,
        content: body.content?,
    })
}

pub(super) fn in_create(request: &Request) -> Option<SubmittedConfig> {
    let body: CreateGatewayRequest = input::json_body(request).ok()?;
    Some(SubmittedConfig {
        source: body.source,
        content: body.content?,
    })
}

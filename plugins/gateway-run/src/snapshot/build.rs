//! Builds a snapshot from the text of a configuration. Nothing is activated here.

use super::credential::{Credential, credential_header};
use super::endpoint::Endpoint;
use super::error::{BuildError, Diagnostic};
use super::guards;
use super::model::{Snapshot, Upstream, UpstreamTimeouts};
use super::secrets::{SecretResolver, describe};
use crate::metrics::EvaluationCounters;
use crate::plugin_calls::PluginCalls;
use http::StatusCode;
use kt_policy::{
    Document, Limits, Millis, Providers, Source, Strategy, Target, Timeouts, defaults, find_preset,
};
use std::time::Duration;

/// The text of a configuration.
#[derive(Clone)]
pub(crate) struct ConfigInput {
    /// The version number; `None` for a configuration that was never published.
    pub(crate) version: Option<u64>,
    /// The sources, layered.
    pub(crate) sources: Vec<Source>,
}

/// Replaces all upstreams, for debugging.
#[derive(Clone)]
pub(crate) struct UpstreamOverride {
    pub(crate) url: String,
    pub(crate) key: Option<String>,
    pub(crate) header: String,
    pub(crate) prefix: String,
}

/// Builds snapshots within the limits of the gateway.
pub(crate) struct Builder<'a> {
    pub(crate) limits: Limits,
    pub(crate) secrets: SecretResolver<'a>,
    pub(crate) upstream_override: Option<UpstreamOverride>,
    /// The plugins that are guards.
    pub(crate) plugins: PluginCalls,
}

impl Builder<'_> {
    /// Parses, validates, compiles and resolves a configuration.
    ///
    /// # Errors
    /// Everything that prevents its activation, with locations.
    pub(crate) fn build(&self, input: &ConfigInput) -> Result<Snapshot, BuildError> {
        let document = kt_policy::parse(&input.sources)?;
        let chain = kt_policy::compile(&document, &self.limits)?;
        let guards = guards::connect(&chain, &document, &self.secrets, &self.plugins)?;
        let upstreams = self.upstreams(&document)?;
        let providers = document.providers.as_ref();
        let limits = document.size_limits.as_ref();
        let bytes = |value: Option<u64>, default: u64| {
            usize::try_from(value.unwrap_or(default)).unwrap_or(usize::MAX)
        };
        let content = document.content(&input.sources);
        Ok(Snapshot {
            version: input.version,
            sha256: document.sha256(),
            evaluations: chain
                .kinds()
                .iter()
                .map(|_| EvaluationCounters::default())
                .collect(),
            chain,
            guards,
            upstreams,
            strategy: strategy(providers),
            fallback: providers
                .and_then(|p| p.fallback.clone())
                .unwrap_or_default(),
            breaker: providers
                .and_then(|p| p.circuit_breaker.clone())
                .unwrap_or_default(),
            refusal_status: refusal_status(&document),
            max_request_bytes: bytes(
                limits.and_then(|l| l.max_body_bytes),
                defaults::MAX_BODY_BYTES,
            ),
            max_response_bytes: bytes(
                limits.and_then(|l| l.max_response_bytes),
                defaults::MAX_RESPONSE_BYTES,
            ),
            document,
            content,
        })
    }

    fn upstreams(&self, document: &Document) -> Result<Vec<Upstream>, BuildError> {
        if let Some(settings) = &self.upstream_override {
            return Ok(vec![override_upstream(settings)?]);
        }
        let Some(providers) = &document.providers else {
            return Ok(Vec::new());
        };
        providers
            .routed()
            .into_iter()
            .map(|target| self.upstream(target, document, providers))
            .collect()
    }

    fn upstream(
        &self,
        target: &Target,
        document: &Document,
        providers: &Providers,
    ) -> Result<Upstream, BuildError> {
        let timeouts = |field: fn(&Timeouts) -> Option<Millis>| {
            let own = target.timeouts.as_ref().and_then(field);
            own.or(providers.timeouts.as_ref().and_then(field))
        };
        let endpoint = target
            .effective_base_url()
            .map(Endpoint::from_base)
            .transpose()
            .map_err(|message| {
                target_error("invalid-base-url", message, document, target, "base_url")
            })?;
        Ok(Upstream::new(
            target.clone(),
            endpoint,
            self.credential(target, document)?,
            upstream_timeouts(timeouts),
        ))
    }

    /// Resolves the credential of a target. A missing secret makes the upstream
    /// unavailable, or under `strict` the configuration invalid.
    fn credential(&self, target: &Target, document: &Document) -> Result<Credential, BuildError> {
        let Some(reference) = &target.secret_key_ref else {
            return Ok(Credential::None);
        };
        let described = describe(reference);
        let error = |message: String| {
            target_error(
                "secret-missing",
                message,
                document,
                target,
                "secret_key_ref",
            )
        };
        let secret = self.secrets.resolve(reference).map_err(|source| {
            error(format!(
                "{described} of upstream `{}` cannot be read: {source}",
                target.id
            ))
        })?;
        let strict = document
            .gateway
            .as_ref()
            .and_then(|g| g.strict)
            .unwrap_or(false);
        match secret {
            Some(key) => header(target, &key)
                .ok_or_else(|| error(format!("{described} is not a valid header value"))),
            None if strict => Err(error(format!(
                "upstream `{}` requires {described}, which does not exist",
                target.id
            ))),
            None => {
                tracing::warn!(upstream = %target.id, "{described} does not exist: the upstream receives no requests");
                Ok(Credential::Missing)
            }
        }
    }
}

fn header(target: &Target, key: &str) -> Option<Credential> {
    let default = find_preset(&target.provider).map_or("Authorization", |p| p.api_key_header);
    let name = target.api_key_header.as_deref().unwrap_or(default);
    let scheme = if name.eq_ignore_ascii_case("authorization") {
        "Bearer"
    } else {
        ""
    };
    credential_header(
        name,
        target.api_key_prefix.as_deref().unwrap_or(scheme),
        key,
    )
}

fn override_upstream(settings: &UpstreamOverride) -> Result<Upstream, BuildError> {
    let error = |message: String| {
        BuildError::Other(Diagnostic {
            code: "invalid-upstream".to_owned(),
            message,
            ..Diagnostic::default()
        })
    };
    let credential = match &settings.key {
        None => Credential::None,
        Some(key) => {
            credential_header(&settings.header, &settings.prefix, key).ok_or_else(|| {
                error("the credential for `--upstream` is not a valid header value".to_owned())
            })?
        }
    };
    let target = Target {
        id: "upstream".to_owned(),
        provider: "openai".to_owned(),
        ..Target::default()
    };
    let endpoint = Endpoint::from_base(&settings.url).map_err(error)?;
    let timeouts = upstream_timeouts(|_| None);
    Ok(Upstream::new(target, Some(endpoint), credential, timeouts))
}

/// Returns the timeouts of an upstream, from those that are configured.
fn upstream_timeouts(
    configured: impl Fn(fn(&Timeouts) -> Option<Millis>) -> Option<Millis>,
) -> UpstreamTimeouts {
    let or = |field, default: Millis| Duration::from(configured(field).unwrap_or(default));
    UpstreamTimeouts {
        connect: or(|t| t.connect, defaults::CONNECT_TIMEOUT),
        first_byte: or(|t| t.first_byte, defaults::RESPONSE_TIMEOUT),
        stream_idle: or(|t| t.idle, defaults::STREAM_IDLE_TIMEOUT),
        idle: configured(|t| t.idle).map(Duration::from),
        total: or(|t| t.total, defaults::RESPONSE_TIMEOUT),
    }
}

fn refusal_status(document: &Document) -> StatusCode {
    let setting = document.gateway.as_ref().and_then(|g| g.refusal_status);
    u16::try_from(setting.unwrap_or(defaults::REFUSAL_STATUS))
        .ok()
        .and_then(|status| StatusCode::from_u16(status).ok())
        .unwrap_or(StatusCode::BAD_REQUEST)
}

fn strategy(providers: Option<&Providers>) -> Strategy {
    providers
        .and_then(|p| p.routing.as_ref())
        .and_then(|r| r.strategy)
        .unwrap_or(defaults::STRATEGY)
}

fn target_error(
    code: &str,
    message: String,
    document: &Document,
    target: &Target,
    key: &str,
) -> BuildError {
    let index = document
        .providers
        .iter()
        .flat_map(|p| &p.targets)
        .position(|other| other.id == target.id)
        .unwrap_or_default();
    let path = format!("providers.targets[{index}].{key}");
    BuildError::at(document, code, message, path)
}

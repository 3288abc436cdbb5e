//! Text in, snapshot or rejection out. Nothing is swapped here.

use super::model::{Credential, Snapshot, Upstream};
use super::secrets::{Secrets, describe};
use http::{HeaderName, HeaderValue, Uri};
use kt_plugin_api::{Class, Error};
use kt_policy::{
    Document, Limits, Problem, Problems, Providers, Source, SourceLocation, Strategy, Target,
    Timeouts,
};
use std::time::Duration;

/// Largest request when the document says nothing: the size that OpenAI's own
/// clients stay under with text alone.
const MAX_BODY: usize = 1024 * 1024;
/// Largest response that is held for inspection when the document says nothing.
const MAX_RESPONSE: usize = 8 * 1024 * 1024;

/// A configuration as it arrived.
#[derive(Clone)]
pub(crate) struct Input {
    /// Number of the version; `None` for one that was never published.
    pub(crate) version: Option<u64>,
    /// The sources, layered.
    pub(crate) sources: Vec<Source>,
}

/// Replaces every upstream, for debugging.
#[derive(Clone)]
pub(crate) struct UpstreamOverride {
    pub(crate) url: String,
    pub(crate) key: Option<String>,
    pub(crate) header: String,
    pub(crate) prefix: String,
}

/// Builds snapshots within the gateway's limits.
pub(crate) struct Builder<'a> {
    pub(crate) limits: Limits,
    pub(crate) secrets: Secrets<'a>,
    pub(crate) upstream: Option<UpstreamOverride>,
}

/// Why a configuration cannot serve.
#[derive(Debug)]
pub(crate) enum BuildError {
    /// Problems with their places.
    Problems(Problems),
    /// Anything else, with a stable code and the place if there is one.
    Other {
        code: &'static str,
        message: String,
        path: String,
        place: Option<(String, u32, u32)>,
    },
}

/// A source that cannot be read.
impl From<Error> for BuildError {
    fn from(error: Error) -> Self {
        Self::Other {
            code: "source-unreadable",
            message: error.to_string(),
            path: String::new(),
            place: None,
        }
    }
}

impl From<Problems> for BuildError {
    fn from(problems: Problems) -> Self {
        Self::Problems(problems)
    }
}

impl BuildError {
    /// The error of a start that cannot go on.
    pub(crate) fn into_error(self) -> Error {
        match self {
            Self::Problems(problems) => kt_policy_file::invalid(&problems),
            Self::Other {
                code,
                message,
                place,
                ..
            } => {
                let error = Error::new(Class::Usage, code, message);
                match place {
                    Some((file, line, column)) => error.at(file, line, column),
                    None => error,
                }
            }
        }
    }

    /// The first problem as the control plane is told.
    pub(crate) fn first(&self) -> (String, String, String, Option<(String, u32, u32)>) {
        match self {
            Self::Problems(problems) => problems.first().map(of_problem).unwrap_or_default(),
            Self::Other {
                code,
                message,
                path,
                place,
            } => (
                (*code).to_owned(),
                message.clone(),
                path.clone(),
                place.clone(),
            ),
        }
    }
}

fn of_problem(p: &Problem) -> (String, String, String, Option<(String, u32, u32)>) {
    let place = (p.line > 0).then(|| (p.file.clone(), p.line, p.column));
    (p.code.to_owned(), p.message.clone(), p.path.clone(), place)
}

impl Builder<'_> {
    /// Parses, validates, compiles and resolves.
    ///
    /// # Errors
    /// Everything that keeps the configuration from serving, with its place.
    pub(crate) fn build(&self, input: &Input) -> Result<Snapshot, BuildError> {
        let document = kt_policy::parse(&input.sources)?;
        let chain = kt_policy::compile(&document, &self.limits)?;
        let upstreams = self.upstreams(&document)?;
        let providers = document.providers.as_ref();
        let sizes = document.size_limits.as_ref();
        let size = |value: Option<u64>, default: usize| {
            value.map_or(default, |v| usize::try_from(v).unwrap_or(usize::MAX))
        };
        let content = document.text_of(&input.sources);
        Ok(Snapshot {
            version: input.version,
            sha256: document.sha256(),
            chain,
            upstreams,
            strategy: strategy(providers),
            fallback: providers
                .and_then(|p| p.fallback.clone())
                .unwrap_or_default(),
            breaker: providers
                .and_then(|p| p.circuit_breaker.clone())
                .unwrap_or_default(),
            max_body: size(sizes.and_then(|s| s.max_body_bytes), MAX_BODY),
            max_response: size(sizes.and_then(|s| s.max_response_bytes), MAX_RESPONSE),
            document,
            content,
        })
    }

    fn upstreams(&self, document: &Document) -> Result<Vec<Upstream>, BuildError> {
        if let Some(given) = &self.upstream {
            return Ok(vec![overriding(given)?]);
        }
        let Some(providers) = &document.providers else {
            return Ok(Vec::new());
        };
        providers
            .routed()
            .into_iter()
            .map(|t| self.one(t, document, providers))
            .collect()
    }

    fn one(
        &self,
        t: &Target,
        document: &Document,
        all: &Providers,
    ) -> Result<Upstream, BuildError> {
        let times = |pick: fn(&Timeouts) -> Option<kt_policy::Millis>, default: u64| {
            let own = t.timeouts.as_ref().and_then(pick);
            let shared = all.timeouts.as_ref().and_then(pick);
            own.or(shared)
                .map_or(Duration::from_secs(default), Duration::from)
        };
        let chat = t
            .effective_base_url()
            .map(chat_uri)
            .transpose()
            .map_err(|message| rejected("bad-base-url", message, document, t, "base_url"))?;
        Ok(Upstream {
            id: t.id.clone(),
            provider: t.provider.clone(),
            model: t.model.clone(),
            weight: t.weight.unwrap_or(1),
            chat,
            credential: self.credential(t, document)?,
            connect: times(|t| t.connect, 5),
            first_byte: times(|t| t.first_byte, 60),
            idle: times(|t| t.idle, 60),
            total: times(|t| t.total, 600),
        })
    }

    /// A secret that is missing makes the upstream unavailable; under `strict`
    /// it makes the configuration unusable.
    fn credential(&self, t: &Target, document: &Document) -> Result<Credential, BuildError> {
        let Some(reference) = &t.secret_key_ref else {
            return Ok(Credential::None);
        };
        let what = describe(reference);
        let reject =
            |message: String| rejected("secret-missing", message, document, t, "secret_key_ref");
        let found = self
            .secrets
            .resolve(reference)
            .map_err(|e| reject(format!("{what} of upstream `{}` cannot be read: {e}", t.id)))?;
        let strict = document
            .gateway
            .as_ref()
            .and_then(|g| g.strict)
            .unwrap_or(false);
        match found {
            Some(key) => {
                header(t, &key).ok_or_else(|| reject(format!("{what} cannot be sent as a header")))
            }
            None if strict => Err(reject(format!(
                "upstream `{}` needs {what}, which is not there",
                t.id
            ))),
            None => {
                tracing::warn!(upstream = %t.id, "{what} is not there: the upstream takes no requests");
                Ok(Credential::Missing)
            }
        }
    }
}

fn header(t: &Target, key: &str) -> Option<Credential> {
    let default = if t.provider == "anthropic" {
        "x-api-key"
    } else {
        "Authorization"
    };
    let name = t.api_key_header.as_deref().unwrap_or(default);
    let bearer = if name.eq_ignore_ascii_case("authorization") {
        "Bearer"
    } else {
        ""
    };
    credential_header(name, t.api_key_prefix.as_deref().unwrap_or(bearer), key)
}

fn credential_header(name: &str, prefix: &str, key: &str) -> Option<Credential> {
    let text = if prefix.is_empty() {
        key.to_owned()
    } else {
        format!("{prefix} {key}")
    };
    let mut value = HeaderValue::from_str(&text).ok()?;
    value.set_sensitive(true);
    Some(Credential::Header(
        HeaderName::from_bytes(name.as_bytes()).ok()?,
        value,
    ))
}

/// `BASE/v1/chat/completions`; a base that ends in `/v1` already is taken as it is.
fn chat_uri(base: &str) -> Result<Uri, String> {
    let base = base.trim_end_matches('/');
    let version = if base.ends_with("/v1") { "" } else { "/v1" };
    format!("{base}{version}/chat/completions")
        .parse()
        .map_err(|e| format!("`{base}` is no address: {e}"))
}

fn overriding(given: &UpstreamOverride) -> Result<Upstream, BuildError> {
    let other = |message: String| BuildError::Other {
        code: "bad-upstream",
        message,
        path: String::new(),
        place: None,
    };
    let credential = match &given.key {
        None => Credential::None,
        Some(key) => credential_header(&given.header, &given.prefix, key).ok_or_else(|| {
            other("the credential for `--upstream` cannot be sent as a header".to_owned())
        })?,
    };
    Ok(Upstream {
        id: "upstream".to_owned(),
        provider: "openai".to_owned(),
        model: None,
        weight: 1,
        chat: Some(chat_uri(&given.url).map_err(other)?),
        credential,
        connect: Duration::from_secs(5),
        first_byte: Duration::from_secs(60),
        idle: Duration::from_secs(60),
        total: Duration::from_secs(600),
    })
}

fn strategy(providers: Option<&Providers>) -> Strategy {
    providers
        .and_then(|p| p.routing.as_ref())
        .and_then(|r| r.strategy)
        .unwrap_or(Strategy::Ordered)
}

fn rejected(
    code: &'static str,
    message: String,
    document: &Document,
    t: &Target,
    key: &str,
) -> BuildError {
    let index = document
        .providers
        .iter()
        .flat_map(|p| &p.targets)
        .position(|other| other.id == t.id)
        .unwrap_or_default();
    let path = format!("providers.targets[{index}].{key}");
    let place = document.place(&path).map(|place: SourceLocation| {
        (
            document.source_name(place).to_owned(),
            place.line,
            place.column,
        )
    });
    BuildError::Other {
        code,
        message,
        path,
        place,
    }
}

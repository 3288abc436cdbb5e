//! The table of policy kinds.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use super::audit_logger::AuditLogger;
use super::data_routing_policy::DataRoutingPolicy;
use super::dlp_filter::DlpFilter;
use super::external_guard::ExternalGuard;
use super::ip_allowlist::IpAllowlist;
use super::pii_detector::PiiDetector;
use super::plugin::PluginGuard;
use super::prompt_injection::PromptInjection;
use super::secrets::Secrets;
use serde_json::Value;

use crate::chain::{Build, Policy};
use crate::decode::{Diagnostics, Mapping};
use crate::model::PolicyKind;
use crate::settings::{Declaration, PolicySettings, find as find_declaration};

/// The kinds that this version enforces.
pub(crate) const KINDS: &[Registration] = &[
    Registration::of::<IpAllowlist>(),
    Registration::of::<DataRoutingPolicy>(),
    Registration::of::<PromptInjection>(),
    Registration::of::<PiiDetector>(),
    Registration::of::<DlpFilter>(),
    Registration::of::<Secrets>(),
    Registration::of::<PluginGuard>(),
    Registration::of::<ExternalGuard>(),
    Registration::of::<AuditLogger>(),
];

/// A policy kind, without the type of its settings.
pub(crate) struct Registration {
    /// The name.
    pub(crate) kind: PolicyKind,
    /// The reason code of what it blocks.
    pub(crate) reason: Option<&'static str>,
    /// Whether it belongs at the end of a chain.
    pub(crate) last: bool,
    /// Whether a chain may have several, each under a name of its own: `KIND:NAME`.
    pub(crate) named: bool,
    /// What it is, in one sentence.
    pub(crate) summary: &'static str,
    /// Returns the JSON Schema of its block.
    pub(crate) schema: fn() -> Value,
    /// Returns the declarations of its settings.
    pub(crate) declarations: fn() -> Vec<Declaration>,
    decode: DecodeBlock,
    compile: fn(&dyn PolicySettings, &mut Build<'_>),
}

type DecodeBlock = fn(&Mapping<'_>, &str, &mut Diagnostics<'_>) -> Option<Arc<dyn PolicySettings>>;

impl Registration {
    const fn of<P: Policy>() -> Self {
        Self {
            kind: P::KIND,
            reason: P::REASON,
            last: P::LAST,
            named: P::NAMED,
            summary: P::SUMMARY,
            schema: P::schema,
            declarations: P::declarations,
            decode: |parent, key, diagnostics| {
                let mapping = parent.mapping(key, &P::KEYS, diagnostics)?;
                Some(Arc::new(P::decode(&mapping, diagnostics)))
            },
            compile: |block, build| {
                if let Some(policy) = block.as_any().downcast_ref::<P>() {
                    policy.compile(build);
                }
            },
        }
    }

    /// Reads the block of a policy of the kind, whose key is its name.
    pub(crate) fn decode(
        &self,
        policy: PolicyKind,
        parent: &Mapping<'_>,
        diagnostics: &mut Diagnostics<'_>,
    ) -> Option<Arc<dyn PolicySettings>> {
        (self.decode)(parent, policy.as_str(), diagnostics)
    }

    /// Compiles the block of a policy of the kind.
    pub(crate) fn compile(
        &self,
        policy: PolicyKind,
        block: &dyn PolicySettings,
        build: &mut Build<'_>,
    ) {
        build.begin(policy, self.reason.unwrap_or_default());
        (self.compile)(block, build);
    }

    /// Returns the policy of the kind with a name that [`find`] accepts.
    pub(crate) fn policy(&self, name: &str) -> PolicyKind {
        if self.named {
            PolicyKind::named(name)
        } else {
            self.kind
        }
    }

    /// Returns the form of its names, for messages.
    pub(crate) fn form(&self) -> Cow<'static, str> {
        if self.named {
            format!("{}:NAME", self.kind).into()
        } else {
            self.kind.as_str().into()
        }
    }
}

/// The maximum length of the name of a policy whose kind has several.
const MAX_NAME: usize = 64;

/// Returns whether a policy may have a name behind that of its kind: one of a plugin.
fn is_name(name: &str) -> bool {
    let begins = name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    begins && name.len() <= MAX_NAME && name.bytes().all(allowed)
}

/// Returns the kind of the policy with a name.
pub(crate) fn find(name: &str) -> Option<&'static Registration> {
    let (kind, own) = match name.split_once(':') {
        Some((kind, own)) => (kind, Some(own)),
        None => (name, None),
    };
    let known = KINDS.iter().find(|known| known.kind.as_str() == kind)?;
    let valid = if known.named {
        own.is_some_and(is_name)
    } else {
        own.is_none()
    };
    valid.then_some(known)
}

/// Returns the declaration of a setting by its path, such as `policy.pii-detector.action`.
pub(crate) fn declaration(path: &str) -> Option<&'static Declaration> {
    static ALL: OnceLock<Vec<(PolicyKind, Vec<Declaration>)>> = OnceLock::new();
    let (kind, setting) = path.strip_prefix("policy.")?.split_once('.')?;
    let kind = kind.split_once(':').map_or(kind, |(kind, _)| kind);
    let all = ALL.get_or_init(|| {
        let kinds = KINDS.iter();
        kinds
            .map(|known| (known.kind, (known.declarations)()))
            .collect()
    });
    let (_, declarations) = all.iter().find(|(known, _)| known.as_str() == kind)?;
    find_declaration(declarations, setting)
}

/// Returns every reason code that a gateway reports.
#[must_use]
pub fn reason_codes() -> Vec<&'static str> {
    KINDS.iter().filter_map(|known| known.reason).collect()
}

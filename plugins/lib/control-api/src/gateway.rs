//! Gateways: what is written and what is shown.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    ConfigVersion, ContentHash, DriftPolicy, Etag, GatewayId, Instance, LimitError, MAX_LABELS,
    ProblemItem, SyncState, Timestamp, Token, TokenId, validate_description, validate_label,
    validate_name,
};

/// What a gateway is meant to serve.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct DesiredVersion {
    /// Number of the version.
    pub version: u64,
    /// Moves with everything a gateway must act on: publish, revert, reload, reconcile.
    pub generation: u64,
    /// Hash of the canonical form of the version.
    pub sha256: ContentHash,
}

/// A gateway as the control plane shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Gateway {
    /// Never changes.
    pub id: GatewayId,
    /// Unique among gateways that are not deleted.
    pub name: String,
    /// Free text.
    #[serde(default)]
    pub description: String,
    /// Free key and value pairs.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// When it was registered.
    pub created_at: Timestamp,
    /// When anything of this last changed but its instances.
    pub updated_at: Timestamp,
    /// Moves with each change of the gateway, never with reports; see [`Gateway::etag`].
    pub rev: u64,
    /// Moves with everything the gateway must act on.
    pub generation: u64,
    /// Highest version number.
    pub last_version: u64,
    /// What it is meant to serve; `None` until something is published.
    #[serde(default)]
    pub desired: Option<DesiredVersion>,
    /// What is done about drift.
    #[serde(default)]
    pub drift: DriftPolicy,
    /// Its processes, the live ones first.
    #[serde(default)]
    pub instances: Vec<Instance>,
    /// How it stands.
    pub state: SyncState,
}

impl Gateway {
    /// Returns the tag to send as `If-Match` with a change that builds on this view.
    #[must_use]
    pub fn etag(&self) -> Etag {
        Etag(self.rev)
    }
}

/// Registers a gateway, with its first version when there is `content`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateGatewayRequest {
    /// Its name; see [`crate::validate_name`].
    pub name: String,
    /// Free text.
    #[serde(default)]
    pub description: String,
    /// Free key and value pairs.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// What is to be done about drift.
    #[serde(default, skip_serializing_if = "DriftPolicy::is_default")]
    pub drift: DriftPolicy,
    /// The first configuration, verbatim.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// Name of the file that `content` was read from, for messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// Why, for the history.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Whether to make the token with which the gateway will report. Ignored without a server.
    #[serde(default)]
    pub issue_token: bool,
}

impl CreateGatewayRequest {
    /// Returns what is wrong with the fields of the gateway.
    #[must_use]
    pub fn validate(&self) -> Vec<ProblemItem> {
        let mut errors = Vec::new();
        check(&mut errors, "/name", validate_name(&self.name));
        check(
            &mut errors,
            "/description",
            validate_description(&self.description),
        );
        check_labels(&mut errors, self.labels.iter());
        check_drift(&mut errors, self.drift);
        errors
    }
}

/// The response to [`CreateGatewayRequest`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct CreateGatewayResponse {
    /// The gateway.
    pub gateway: Gateway,
    /// Its first version, when there was content.
    #[serde(default)]
    pub version: Option<ConfigVersion>,
    /// The gateway's token. Shown this once: a repeat of the same request does not have it.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "crate::token::exposed"
    )]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub token: Option<Token>,
}

/// Changes what people say about a gateway, and what is done about drift; absent keys stay as they
/// are.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct GatewayPatch {
    /// New name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// New description.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Labels to set, or with `null` to remove.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<BTreeMap<String, Option<String>>>,
    /// What is to be done about drift.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift: Option<DriftPolicy>,
}

impl GatewayPatch {
    /// Returns what is wrong with the fields that it sets.
    #[must_use]
    pub fn validate(&self) -> Vec<ProblemItem> {
        let mut errors = Vec::new();
        if let Some(name) = &self.name {
            check(&mut errors, "/name", validate_name(name));
        }
        if let Some(description) = &self.description {
            check(
                &mut errors,
                "/description",
                validate_description(description),
            );
        }
        let labels = self.labels.iter().flatten();
        let set = labels.filter_map(|(key, value)| Some((key, value.as_ref()?)));
        check_labels(&mut errors, set);
        check_drift(&mut errors, self.drift.unwrap_or_default());
        errors
    }
}

fn check(errors: &mut Vec<ProblemItem>, pointer: &str, result: Result<(), LimitError>) {
    if let Err(error) = result {
        errors.push(ProblemItem::at(pointer, "out-of-bounds", error));
    }
}

fn check_labels<'a>(
    errors: &mut Vec<ProblemItem>,
    labels: impl Iterator<Item = (&'a String, &'a String)>,
) {
    let mut count = 0;
    for (key, value) in labels {
        count += 1;
        check(errors, "/labels", validate_label(key, value));
    }
    if count > MAX_LABELS {
        let message = format!("a gateway has at most {MAX_LABELS} labels");
        errors.push(ProblemItem::at("/labels", "out-of-bounds", message));
    }
}

fn check_drift(errors: &mut Vec<ProblemItem>, drift: DriftPolicy) {
    if drift == DriftPolicy::Unknown {
        let message = "the drift policy must be `report` or `repair`";
        errors.push(ProblemItem::at("/drift", "bad-policy", message));
    }
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// What to send as `cursor` for the next page; `None` on the last one.
    #[serde(default)]
    pub next_cursor: Option<String>,
}

/// Who the caller is to the control plane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct WhoAmI {
    /// The name that appears in the history.
    pub actor: String,
    /// `admin`, `read` or `gateway`.
    pub scope: String,
    /// The only gateway the caller may act for, when the scope is `gateway`.
    #[serde(default)]
    pub gateway: Option<GatewayId>,
    /// The token in use, if any.
    #[serde(default)]
    pub token: Option<TokenId>,
    /// When the token ends, if it does.
    #[serde(default)]
    pub expires_at: Option<Timestamp>,
}

/// What the control plane is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct ServiceVersion {
    /// Always `kt`.
    pub product: String,
    /// Version of the control plane.
    pub version: String,
    /// Version of the API, as in its paths.
    pub api: String,
    /// Version of the schema in its store.
    pub schema: u32,
    /// Whether it runs in the caller's process or as a server.
    pub service: ServiceMode,
}

/// How the control plane is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
pub enum ServiceMode {
    /// In the caller's process.
    Embedded,
    /// A server.
    Server,
    /// A word of a newer control plane.
    #[serde(other)]
    Unknown,
}

//! Gateways, as they are created, changed and shown.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    ConfigVersion, DesiredVersion, DriftPolicy, Etag, GatewayId, Halt, Instance, LimitError,
    MAX_LABELS, ProblemItem, SyncState, Timestamp, Token, validate_description, validate_label,
    validate_name,
};

/// A gateway as the control plane shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
pub struct Gateway {
    /// Its id, which never changes.
    pub id: GatewayId,
    /// Its name, unique among gateways that are not deleted.
    pub name: String,
    /// A description, as free text.
    #[serde(default)]
    pub description: String,
    /// Labels, as key and value pairs.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed; reports of instances do not count.
    pub updated_at: Timestamp,
    /// Its revision, which every change increments and reports do not; see [`Gateway::etag`].
    pub rev: u64,
    /// Its generation, which every change increments that instances must act on.
    pub generation: u64,
    /// The highest version number.
    pub last_version: u64,
    /// The desired version; `None` until a version is published.
    #[serde(default)]
    pub desired: Option<DesiredVersion>,
    /// Its halt, if it is halted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub halt: Option<Halt>,
    /// The number of the last change of its halt; see [`crate::InstanceHalt`].
    #[serde(default)]
    pub halt_generation: u64,
    /// What the control plane does about drift.
    #[serde(default)]
    pub drift: DriftPolicy,
    /// Its instances, the live ones first.
    #[serde(default)]
    pub instances: Vec<Instance>,
    /// Its state.
    pub state: SyncState,
}

impl Gateway {
    /// Returns the instances that run.
    pub fn live_instances(&self) -> impl Iterator<Item = &Instance> + Clone {
        self.instances.iter().filter(|instance| instance.live)
    }

    /// Adds the id of the gateway and the fields that users set to the JSON of a command's output.
    #[must_use]
    pub fn with_settings(&self, output: Value) -> Value {
        let mut settings = json!({
            "id": self.id,
            "name": self.name,
            "description": self.description,
            "labels": self.labels,
            "drift": self.drift,
        });
        if let (Value::Object(settings), Value::Object(output)) = (&mut settings, output) {
            settings.extend(output);
        }
        settings
    }

    /// Describes a gateway whose control plane is unavailable: all that is not passed is unknown.
    #[must_use]
    pub fn unavailable(id: GatewayId, name: String, last_version: u64) -> Self {
        let now = Timestamp::now();
        Self {
            id,
            name,
            description: String::new(),
            labels: BTreeMap::new(),
            created_at: now,
            updated_at: now,
            rev: 0,
            generation: 0,
            last_version,
            desired: None,
            halt: None,
            halt_generation: 0,
            drift: DriftPolicy::default(),
            instances: Vec::new(),
            state: SyncState::Unknown,
        }
    }

    /// Returns the entity tag to send as `If-Match` with a change that is based on this revision.
    #[must_use]
    pub fn etag(&self) -> Etag {
        Etag(self.rev)
    }
}

/// Creates a gateway, with its first version if `content` is given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct CreateGatewayRequest {
    /// Its name; see [`crate::validate_name`].
    pub name: String,
    /// A description, as free text.
    #[serde(default)]
    pub description: String,
    /// Labels, as key and value pairs.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// What the control plane does about drift.
    #[serde(default, skip_serializing_if = "DriftPolicy::is_default")]
    pub drift: DriftPolicy,
    /// The first configuration, verbatim.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// Name of the file that `content` was read from, for messages.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The reason, for the audit log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Whether to create the token with which instances report. Ignored without a server.
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
    /// Its first version, if content was given.
    #[serde(default)]
    pub version: Option<ConfigVersion>,
    /// The token of the gateway. Returned once: a repetition of the request does not have it.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "crate::token::exposed"
    )]
    #[cfg_attr(feature = "schema", schema(value_type = Option<String>))]
    pub token: Option<Token>,
}

/// Changes the fields of a gateway that users set; absent keys stay as they are.
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
    /// What the control plane does about drift.
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
        errors.push(ProblemItem::at("/drift", "invalid-policy", message));
    }
}

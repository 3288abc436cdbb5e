//! [`Document`].

use crate::parse::Source;
use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::canonical::{to_value, write_sorted};
use super::{Gateway, Policies, PolicyKind, Providers, SizeLimits, SourceLocation};
use crate::parse::files::Files;
use crate::problem::Problem;

/// A checked configuration.
#[derive(Debug, Clone)]
pub struct Document {
    /// `pack`
    pub pack: Pack,
    /// `policies.chain`
    pub chain: Vec<PolicyKind>,
    /// `policy`
    pub policy: Policies,
    /// `providers`
    pub providers: Option<Providers>,
    /// `size_limits`
    pub size_limits: Option<SizeLimits>,
    /// `gateway`
    pub gateway: Option<Gateway>,
    pub(crate) warnings: Vec<Problem>,
    pub(crate) files: Files,
    pub(crate) places: BTreeMap<String, SourceLocation>,
}

/// `pack`: what the configuration is called.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Pack {
    /// Name, 1 to 200 characters.
    pub name: String,
    /// Semantic version.
    pub version: String,
    /// Master switch: when off, the chain is empty.
    pub enabled: bool,
    /// Id, 1 to 200 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Author, at most 200 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// Description, at most 2000 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

impl Document {
    /// The meaning of the document as one line of JSON: keys sorted, no
    /// spaces, defaults not filled in, list order kept.
    #[must_use]
    pub fn canonical(&self) -> String {
        let mut out = String::new();
        write_sorted(&self.to_value(), &mut out);
        out
    }

    /// SHA-256 of [`canonical`](Self::canonical), 64 lower-case hex digits.
    #[must_use]
    pub fn sha256(&self) -> String {
        Sha256::digest(self.canonical().as_bytes())
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    /// What is allowed but probably not meant.
    #[must_use]
    pub fn warnings(&self) -> &[Problem] {
        &self.warnings
    }

    /// The text to keep of the sources that the document was read from: a single
    /// one as it is, several as the document that they make together.
    #[must_use]
    pub fn text_of(&self, sources: &[Source]) -> String {
        match sources {
            [only] => only.text.clone(),
            _ => self.canonical(),
        }
    }

    /// Where the value of a path such as `providers.targets[0].model` stands;
    /// `None` when the sources do not set it.
    #[must_use]
    pub fn place(&self, path: &str) -> Option<SourceLocation> {
        self.places.get(path).copied()
    }

    /// Name of the source a [`SourceLocation`] is in.
    #[must_use]
    pub fn source_name(&self, place: SourceLocation) -> &str {
        self.files.name(place.file)
    }

    /// The document as JSON, for the canonical form and for comparing.
    pub(crate) fn to_value(&self) -> Value {
        let mut root = Map::new();
        root.insert("pack".into(), to_value(&self.pack));
        let mut policies = Map::new();
        policies.insert("chain".into(), to_value(&self.chain));
        root.insert("policies".into(), Value::Object(policies));
        let policy = to_value(&self.policy);
        if policy.as_object().is_some_and(|blocks| !blocks.is_empty()) {
            root.insert("policy".into(), policy);
        }
        if let Some(providers) = &self.providers {
            root.insert("providers".into(), to_value(providers));
        }
        if let Some(limits) = &self.size_limits {
            root.insert("size_limits".into(), to_value(limits));
        }
        if let Some(gateway) = &self.gateway {
            root.insert("gateway".into(), to_value(gateway));
        }
        Value::Object(root)
    }
}

impl PartialEq for Document {
    /// Equal in meaning; places and sources do not count.
    fn eq(&self, other: &Self) -> bool {
        self.to_value() == other.to_value()
    }
}

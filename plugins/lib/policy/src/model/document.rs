//! [`Document`].

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::canonical::{to_value, write_sorted};
use super::{Gateway, Policies, PolicyKind, Providers, SizeLimits};
use crate::problem::Problem;
use crate::source::{Source, SourceLocation, SourceMap};

/// A validated configuration.
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
    pub(crate) source_map: SourceMap,
    pub(crate) locations: BTreeMap<String, SourceLocation>,
}

/// `pack`: the metadata of the configuration.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Pack {
    /// The name, 1 to 200 characters.
    pub name: String,
    /// The semantic version.
    pub version: String,
    /// The master switch: if it is off, no policy is enforced.
    pub enabled: bool,
    /// The id, 1 to 200 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The author, at most 200 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub author: Option<String>,
    /// The description, at most 2000 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

impl Document {
    /// Returns the canonical form of the document, as one line of JSON: keys sorted, no
    /// whitespace, no defaults, list order kept.
    #[must_use]
    pub fn canonical(&self) -> String {
        let mut out = String::new();
        write_sorted(&self.to_value(), &mut out);
        out
    }

    /// Returns the SHA-256 hash of [`canonical`](Self::canonical), 64 lower-case hex digits.
    #[must_use]
    pub fn sha256(&self) -> String {
        Sha256::digest(self.canonical().as_bytes())
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    /// Returns the warnings: settings that are valid but probably unintended.
    #[must_use]
    pub fn warnings(&self) -> &[Problem] {
        &self.warnings
    }

    /// Returns the text to store for the sources of the document: the text of a single source
    /// unchanged, for several layers the canonical form of the merged document.
    #[must_use]
    pub fn content(&self, sources: &[Source]) -> String {
        match sources {
            [source] => source.text.clone(),
            _ => self.canonical(),
        }
    }

    /// Returns the location of the value of a path such as `providers.targets[0].model`; `None` if
    /// the sources do not set it.
    #[must_use]
    pub fn location(&self, path: &str) -> Option<SourceLocation> {
        self.locations.get(path).copied()
    }

    /// Returns the name of the source that a [`SourceLocation`] is in.
    #[must_use]
    pub fn source_name(&self, location: SourceLocation) -> &str {
        self.source_map.name(location.file)
    }

    /// Returns the document as JSON, for the canonical form and for comparison.
    pub(crate) fn to_value(&self) -> Value {
        let mut root = Map::new();
        root.insert("pack".into(), to_value(&self.pack));
        let mut policies = Map::new();
        policies.insert("chain".into(), to_value(&self.chain));
        root.insert("policies".into(), Value::Object(policies));
        let policy = self.policy.to_value();
        if !policy.is_empty() {
            root.insert("policy".into(), Value::Object(policy));
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
    /// Compares the canonical forms; locations and sources do not matter.
    fn eq(&self, other: &Self) -> bool {
        self.to_value() == other.to_value()
    }
}

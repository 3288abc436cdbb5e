//! [`parse`]: sources in, document or problems out.

use super::field::{Keys, Table};
use super::files::{Files, Findings};
use super::node::Node;
use super::{gateway, layer, pack, policies, providers, warn, yaml};
use crate::model::{Document, SourceLocation};
use crate::problem::{Problem, Problems, code};

/// One text with its name, usually a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// Name for messages.
    pub name: String,
    /// The YAML.
    pub text: String,
}

impl Source {
    /// A source of that name and text.
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            text: text.into(),
        }
    }
}

const KEYS: Keys = Keys {
    known: &[
        "pack",
        "policies",
        "policy",
        "providers",
        "size_limits",
        "gateway",
    ],
    unsupported: &[
        "agents",
        "consumer_groups",
        "cors",
        "global_rate_limit",
        "history",
        "ip_allowlist",
        "ip_rate_limit",
        "loads",
        "model_groups",
        "provider_routing",
        "rate_limit_defaults",
        "rate_limits",
        "testing",
        "token_rate_limit",
        "unified_access",
        "user_rate_limit",
        "workflow_cache",
    ],
};

/// Reads and checks a configuration of one or several sources, the later ones
/// layered over the earlier: tables merge key by key, lists and values replace.
///
/// # Errors
///
/// All [`Problems`] of all sources. A source that is not YAML, or exceeds the
/// budget, contributes its first one only, and then nothing is decoded.
pub fn parse(sources: &[Source]) -> Result<Document, Problems> {
    let named = sources.iter().map(|s| (s.name.as_str(), s.text.as_str()));
    let files = Files::new(named);
    let mut findings = Findings::new(&files);
    let root = read_layers(sources, &mut findings);
    let decoded = root.and_then(|root| decode(&root, &mut findings));
    let Findings {
        problems, places, ..
    } = findings;
    match decoded {
        Some(mut document) if problems.is_empty() => {
            document.files = files;
            document.places = places;
            document.warnings = warn::warnings(&document);
            Ok(document)
        }
        _ => Err(Problems::new(problems)),
    }
}

/// The tree of the sources, layered; `None` when one cannot be read.
pub(crate) fn read_layers(sources: &[Source], findings: &mut Findings<'_>) -> Option<Node> {
    let mut root: Option<Node> = None;
    let mut readable = true;
    for (index, source) in sources.iter().enumerate() {
        match yaml::read(&source.text, index) {
            Ok(mut node) => {
                layer::reject_duplicates(&mut node, "", findings);
                match &mut root {
                    Some(base) => layer::merge(base, node),
                    None => root = Some(node),
                }
            }
            Err(failure) => {
                readable = false;
                findings
                    .problems
                    .push(unreadable(failure, index, findings.files));
            }
        }
    }
    if root.is_none() && readable {
        let at = SourceLocation {
            file: 0,
            line: 0,
            column: 0,
        };
        findings.report(code::MISSING, at, "", "there is no configuration to read");
    }
    root.filter(|_| readable)
}

fn unreadable(failure: yaml::Failure, file: usize, files: &Files) -> Problem {
    let at = SourceLocation {
        file,
        line: failure.line,
        column: failure.column,
    };
    let (code, message) = if failure.over_budget {
        (
            code::BUDGET,
            format!("the source is too large: {}", failure.message),
        )
    } else {
        (code::SYNTAX, format!("not valid YAML: {}", failure.message))
    };
    files.problem(code, at, "", message)
}

fn decode(root: &Node, findings: &mut Findings<'_>) -> Option<Document> {
    let table = Table::open(root, "", root.place, Some(&KEYS), findings)?;
    let pack = pack::decode(&table, findings);
    let (chain, policy) = policies::decode(&table, findings);
    let providers = providers::decode(&table, findings);
    let size_limits = gateway::size_limits(&table, findings);
    let gateway = gateway::gateway(&table, findings);
    Some(Document {
        pack: pack?,
        chain,
        policy,
        providers,
        size_limits,
        gateway,
        warnings: Vec::new(),
        files: Files::default(),
        places: std::collections::BTreeMap::new(),
    })
}

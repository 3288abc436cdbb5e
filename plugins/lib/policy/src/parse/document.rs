//! [`parse`]: from sources to a document or problems.

use std::collections::BTreeMap;

use super::{pack, policies, providers, warnings};
use crate::decode::{
    Diagnostics, Keys, Mapping, Node, YamlError, merge, parse_yaml, reject_duplicates,
};
use crate::model::Document;
use crate::problem::{Problem, Problems, code};
use crate::settings::group;
use crate::source::{Source, SourceLocation, SourceMap};

pub(super) const KEYS: Keys = Keys {
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

/// Parses and validates a configuration of one or several sources. Later sources are layered over
/// earlier ones: mappings are merged key by key, lists and scalars are replaced.
///
/// # Errors
///
/// All [`Problems`] of all sources. Of a source that is not YAML or exceeds the budget, only the
/// first problem is reported, and nothing is decoded.
pub fn parse(sources: &[Source]) -> Result<Document, Problems> {
    let source_map = SourceMap::new(sources);
    let mut diagnostics = Diagnostics::new(&source_map);
    let root = parse_layers(sources, &mut diagnostics);
    let document = root.and_then(|root| decode(&root, &mut diagnostics));
    let Diagnostics {
        problems,
        warnings: mut found,
        locations,
        ..
    } = diagnostics;
    match document {
        Some(mut document) if problems.is_empty() => {
            document.source_map = source_map;
            document.locations = locations;
            found.extend(warnings::warnings(&document));
            document.warnings = found;
            Ok(document)
        }
        _ => Err(Problems::new(problems)),
    }
}

/// Returns the merged tree of the sources; `None` if one of them cannot be read.
pub(crate) fn parse_layers(sources: &[Source], diagnostics: &mut Diagnostics<'_>) -> Option<Node> {
    let mut root: Option<Node> = None;
    let mut readable = true;
    for (index, source) in sources.iter().enumerate() {
        match parse_yaml(&source.text, index) {
            Ok(mut node) => {
                reject_duplicates(&mut node, "", diagnostics);
                match &mut root {
                    Some(base) => merge(base, node),
                    None => root = Some(node),
                }
            }
            Err(error) => {
                readable = false;
                diagnostics
                    .problems
                    .push(yaml_problem(error, index, diagnostics.source_map));
            }
        }
    }
    if root.is_none() && readable {
        diagnostics.report(
            code::MISSING,
            SourceLocation::default(),
            "",
            "the configuration is empty",
        );
    }
    root.filter(|_| readable)
}

fn yaml_problem(error: YamlError, file: usize, source_map: &SourceMap) -> Problem {
    let location = SourceLocation {
        file,
        line: error.line,
        column: error.column,
    };
    let (code, message) = if error.over_budget {
        (
            code::BUDGET,
            format!("the source exceeds a limit: {}", error.message),
        )
    } else {
        (code::SYNTAX, format!("invalid YAML: {}", error.message))
    };
    source_map.problem(code, location, "", message)
}

fn decode(root: &Node, diagnostics: &mut Diagnostics<'_>) -> Option<Document> {
    let mapping = Mapping::open(root, "", root.location, Some(&KEYS), diagnostics)?;
    let pack = pack::decode(&mapping, diagnostics);
    let (chain, policy) = policies::decode(&mapping, diagnostics);
    let providers = providers::decode(&mapping, diagnostics);
    let size_limits = group().decode(&mapping, "size_limits", diagnostics);
    let gateway = group().decode(&mapping, "gateway", diagnostics);
    Some(Document {
        pack: pack?,
        chain,
        policy,
        providers,
        size_limits,
        gateway,
        warnings: Vec::new(),
        source_map: SourceMap::default(),
        locations: BTreeMap::new(),
    })
}

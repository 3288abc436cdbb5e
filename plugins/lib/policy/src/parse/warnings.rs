//! Warnings: settings that are valid but probably unintended.

use crate::kinds::find;
use crate::model::{DataCollection, Document, Target};
use crate::problem::{Problem, code};

/// Returns the warnings of a document.
pub(crate) fn warnings(document: &Document) -> Vec<Problem> {
    let mut warnings = Vec::new();
    for kind in document.policy.kinds() {
        if !document.chain.contains(&kind) {
            let path = format!("policy.{kind}");
            let message = format!("`{path}` is not in `policies.chain` and has no effect");
            warnings.push(warning(document, code::W_NOT_CHAINED, &path, message));
        }
    }
    if !document.pack.enabled {
        let message = "the pack is disabled: no policy is enforced".to_owned();
        warnings.push(warning(document, code::W_DISABLED, "pack.enabled", message));
    }
    if document
        .providers
        .as_ref()
        .is_none_or(|p| p.targets.is_empty())
    {
        let message = "there is no upstream under `providers.targets`".to_owned();
        warnings.push(warning(document, code::W_NO_TARGET, "providers", message));
    }
    let reads_data_policy = document
        .chain
        .iter()
        .any(|kind| kind.as_str() == "data-routing-policy");
    let targets = document.providers.iter().flat_map(|p| &p.targets);
    for (index, target) in targets.enumerate() {
        if !reads_data_policy && let Some(key) = data_statement(target) {
            let path = format!("providers.targets[{index}].{key}");
            let message =
                format!("`{path}` has no effect: `data-routing-policy` is not in `policies.chain`");
            warnings.push(warning(document, code::W_DATA_POLICY, &path, message));
        }
        if target.provider == "anthropic" && target.base_url.is_none() {
            let path = format!("providers.targets[{index}].provider");
            let message = "`anthropic` is reached through its OpenAI-compatible API".to_owned();
            warnings.push(warning(document, code::W_COMPATIBLE_API, &path, message));
        }
    }
    let chain = document.chain.iter().enumerate();
    for (index, kind) in chain.take(document.chain.len().saturating_sub(1)) {
        if find(kind.as_str()).is_none_or(|known| !known.last) {
            continue;
        }
        let message = format!("`{kind}` belongs at the end of the chain");
        let path = format!("policies.chain[{index}]");
        warnings.push(warning(document, code::W_AUDIT_ORDER, &path, message));
    }
    warnings
}

/// Returns the key with which a target states that it complies with a data policy.
fn data_statement(target: &Target) -> Option<&'static str> {
    let policy = target.data_policy.as_ref();
    let says = |statement: Option<bool>| statement == Some(true);
    if says(target.zdr) {
        return Some("zdr");
    }
    if target.data_collection == Some(DataCollection::Deny) {
        return Some("data_collection");
    }
    let stated = policy.is_some_and(|p| {
        says(p.zero_data_retention) || says(p.training_opt_out) || p.retention_days.is_some()
    });
    stated.then_some("data_policy")
}

fn warning(document: &Document, code: &'static str, path: &str, message: String) -> Problem {
    let location = document.location(path).unwrap_or_default();
    document.source_map.problem(code, location, path, message)
}

//! The declared settings outside of policies.

use std::sync::OnceLock;

use super::gateway::{Gateway, SizeLimits};
use super::providers::{CircuitBreaker, Fallback, Timeouts};
use crate::settings::{Declaration, Settings, find};

type Section = (&'static str, fn() -> Vec<Declaration>);

/// The sections by their paths.
const SECTIONS: [Section; 5] = [
    ("gateway.", Gateway::declarations),
    ("providers.circuit_breaker.", CircuitBreaker::declarations),
    ("providers.fallback.", Fallback::declarations),
    ("providers.timeouts.", Timeouts::declarations),
    ("size_limits.", SizeLimits::declarations),
];

/// Returns the declaration of a setting by its path, such as `size_limits.max_body_bytes`.
pub(crate) fn section_declaration(path: &str) -> Option<&'static Declaration> {
    static ALL: OnceLock<Vec<(&str, Vec<Declaration>)>> = OnceLock::new();
    let all = ALL.get_or_init(|| {
        let sections = SECTIONS.iter();
        sections
            .map(|(path, declarations)| (*path, declarations()))
            .collect()
    });
    all.iter().find_map(|(section, declarations)| {
        let setting = path.strip_prefix(section)?;
        find(declarations, setting)
    })
}

//! One test binary for the crate; one module per area.
#![expect(
    clippy::unwrap_used,
    reason = "a failed test panics; the lint's exception covers test functions only"
)]

#[path = "policy/admission.rs"]
mod admission;
#[path = "policy/cases.rs"]
mod cases;
#[path = "policy/compile.rs"]
mod compile;
#[path = "policy/content.rs"]
mod content;
#[path = "policy/corpus.rs"]
mod corpus;
#[path = "policy/credentials.rs"]
mod credentials;
#[path = "policy/difference.rs"]
mod difference;
#[path = "policy/document.rs"]
mod document;
#[path = "policy/documents.rs"]
mod documents;
#[path = "policy/evasion.rs"]
mod evasion;
#[path = "policy/explain.rs"]
mod explain;
#[path = "policy/fluent.rs"]
mod fluent;
#[path = "policy/identifiers.rs"]
mod identifiers;
#[path = "policy/known_parts.rs"]
mod known_parts;
#[path = "policy/meaning.rs"]
mod meaning;
#[path = "policy/normalized.rs"]
mod normalized;
#[path = "policy/phones.rs"]
mod phones;
#[path = "policy/placeholders.rs"]
mod placeholders;
#[path = "policy/problems.rs"]
mod problems;
#[path = "policy/restoration.rs"]
mod restoration;
#[path = "policy/sample.rs"]
mod sample;
#[path = "policy/smuggling.rs"]
mod smuggling;
#[path = "policy/snippets.rs"]
mod snippets;
#[path = "policy/stream.rs"]
mod stream;
#[path = "policy/unsupported.rs"]
mod unsupported;

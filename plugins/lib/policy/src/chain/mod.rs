//! The detectors a document compiles to.

mod audit;
mod automaton;
mod compile;
mod compiled;
#[cfg(test)]
mod cost_tests;
mod detect;
mod evaluation;
mod filter;
mod injection;
mod limits;
mod matched;
mod pattern;
mod personal;
mod prompt;
mod rules;
mod scanner;
mod terms;
mod word_boundary;

pub use audit::AuditRecord;
pub use automaton::{MAX_GAP_BYTES, MAX_MATCH_BYTES};
pub use compile::compile;
pub use evaluation::{
    Block, Decision, Evaluation, Finding, PromptText, REASON_CODES, Replacement, Rewrite,
    merge_findings,
};
pub use filter::{FilterOutput, MAX_HOLD_BYTES, StreamFilter};
pub use limits::Limits;
pub use prompt::Chain;

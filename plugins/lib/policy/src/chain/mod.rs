//! The engine of a chain: the phases that policies take part in, and the walk over texts that
//! serves all of them.

mod action;
mod admission;
mod audit;
mod automaton;
mod build;
mod compiled;
#[cfg(test)]
mod cost_tests;
mod early_release;
mod evaluation;
mod explain;
mod explanation;
mod filter;
mod guard;
mod label;
mod limits;
mod matched;
mod pattern;
mod phases;
mod policy;
mod progress;
mod prompt;
mod rules;
mod scanner;
mod starts;
mod verdict;
mod word_boundary;

pub(crate) use action::{FilterAction, LabelFormat, MarkerFormat, RESTORE_WEAKER, Streaming};
pub use action::{NumberRedaction, Sensitivity};
pub use admission::EvaluatedRoute;
pub use audit::AuditRecord;
pub use automaton::MAX_MATCH_BYTES;
pub(crate) use build::Build;
pub(crate) use evaluation::count;
pub use evaluation::{
    Block, Decision, Evaluation, Finding, MarkerKind, PromptText, Replacement, Rewrite,
    merge_findings,
};
pub use explanation::Explanation;
pub(crate) use filter::FilterSpans;
pub use filter::{FilterOutput, MAX_HOLD_BYTES, StreamFilter};
pub use guard::{
    Direction, FailMode, Guard, GuardAction, GuardService, GuardText, HttpForm, HttpGuard,
};
pub(crate) use label::Label;
pub use limits::Limits;
pub(crate) use matched::{Hold, Match, Matches, Rest, RestState, View};
pub(crate) use pattern::{CONTEXT_BYTES, Marker, Pattern, PatternSource};
pub use phases::Caller;
pub(crate) use phases::{
    Announced, CallerPhase, Detector, RecordPhase, RequestPhase, RoutePhase, Starts, WordTriggers,
};
pub(crate) use policy::Policy;
pub(crate) use progress::Progress;
pub use prompt::Chain;
pub use verdict::{
    GuardFailure, GuardVerdict, Judged, Judgment, Span, evaluate_judgments, resolve_verdicts,
};

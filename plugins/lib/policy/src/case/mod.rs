//! Test cases: a chat request, optionally a response to it, and the expected evaluation.

mod model;
mod parse;
mod run;

pub use model::{Case, Expected, ExpectedDecision};
pub use parse::parse_case;
pub use run::CaseOutcome;

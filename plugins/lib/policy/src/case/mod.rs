//! Golden cases: a chat request, perhaps an answer to it, and what a gateway
//! must make of them.

mod model;
mod read;
mod run;

pub use model::{Case, Expected, ExpectedVerdict};
pub use read::parse_case;
pub use run::Outcome;

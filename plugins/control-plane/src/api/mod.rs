//! From request to response, free of HTTP.
//!
//! The API is the same in process and behind a server. [`Api::begin`] carries a request out; a
//! request that has to wait comes back as [`Handled::Parked`], because how to wait is the
//! caller's: a thread in a command, a task in a server.

mod accept;
mod actions;
mod audit;
mod backup;
mod compare;
mod config;
mod delivery;
mod document;
mod drift;
mod feed;
mod gateways;
mod input;
mod notes;
mod operation;
mod operations;
mod park;
mod principal;
mod problems;
mod refusal;
mod respond;
mod retention;
mod router;
mod scrape;
mod service;
#[cfg(test)]
mod tests;
mod tokens;
mod verdict;

pub use audit::Rows;
pub use feed::{Feed, Step, needs_server};
pub(crate) use input::lists;
pub(crate) use notes::Notes;
pub use park::Parked;
pub use principal::{Principal, Scope};
pub use refusal::problem_response;
pub use respond::{Answer, Handled, Touched};
#[cfg(test)]
pub(crate) use router::every_operation;
pub(crate) use router::{
    holds_configuration, is_change, is_near, is_open, is_streamed, nowhere, route, with_allowed,
};
pub use service::{Api, Clock};
pub(crate) use verdict::Verdict;

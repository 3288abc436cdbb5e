//! Policies whose verdict comes from elsewhere: who is asked, and how.
//!
//! - `plugin` has the requests and answers of `kt.policy/1`.
//! - `http` asks services; `presidio` has the messages of its analyzer.
//! - `judge` asks all guards at the same time.

mod context;
mod http;
mod judge;
mod plugin;
mod post;
mod presidio;

pub(crate) use context::JudgeContext;
pub(crate) use judge::judge;
pub(crate) use plugin::resolve;

//! Requests: routing, the policy chain, upstreams, and the answer.

mod answer;
mod body;
mod chat;
mod frames;
mod guard;
mod handle;
mod models;
mod prompt;
mod refuse;
mod stream;
mod trace;

pub(crate) use body::Body;
pub(crate) use handle::handle;
pub(crate) use refuse::json;

//! Reaching providers: which one, and how.

mod board;
mod call;
mod clients;
mod echo;
mod reply;

pub(crate) use board::Board;
pub(crate) use call::{Failure, ask};
pub(crate) use clients::{Clients, Tls};
pub(crate) use reply::{Reply, ReplyBody};

//! `kt gateway halt` and `unhalt`.

mod acknowledgment;
mod command;
mod local;
mod socket;
mod targets;

pub(crate) use command::{halt, unhalt};

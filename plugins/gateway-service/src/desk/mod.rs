//! A backend, the machine and the facts: everything that an action works with.

mod asking;
mod reach;

pub(crate) use asking::{Desk, FAMILY};
pub(crate) use reach::Reached;

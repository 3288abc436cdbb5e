//! A backend, the machine and the facts: everything that an action works with.

mod asking;
mod reach;
mod surroundings;

pub(crate) use asking::Desk;
pub(crate) use reach::Reached;
pub(crate) use surroundings::Surroundings;

//! A backend, the machine and the system: everything that an action works with.

mod asking;
mod reach;
mod surroundings;

pub(crate) use asking::Desk;
pub(crate) use reach::Reached;
pub(crate) use surroundings::Surroundings;

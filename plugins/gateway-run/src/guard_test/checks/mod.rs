//! The checks, by subject.

pub(super) mod author;
pub(super) mod calls;
pub(super) mod describe;
mod outcome;
pub(super) mod requests;
pub(super) mod texts;

pub(super) use outcome::Outcome;

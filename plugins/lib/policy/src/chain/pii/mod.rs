//! Personal data: what is looked for and how candidates are checked.

mod bank;
mod builtin;
mod contact;
mod network;
mod person;

pub(crate) use builtin::patterns;

//! Everything that is printed goes through here: data to standard output, talk
//! to standard error.

#![forbid(unsafe_code)]

mod cells;
mod errors;
mod parts;
mod streams;
mod terminal;
mod views;

pub(crate) use terminal::Terminal;

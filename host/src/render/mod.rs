//! Everything that is printed goes through here: data to standard output, talk
//! to standard error.

#![forbid(unsafe_code)]

mod cells;
mod errors;
mod streams;
mod terminal;
mod views;

pub(crate) use terminal::Terminal;

//! All output: data to standard output, everything else to standard error.

#![forbid(unsafe_code)]

mod cells;
mod closed_output;
mod console;
mod errors;
mod pager;
mod pager_command;
mod prompt;
mod result_parts;
mod style;
mod table;
mod terminal;
mod views;
mod width;
mod yaml;

pub(crate) use terminal::Terminal;
pub(crate) use width::terminal_width;

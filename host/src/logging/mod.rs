//! Log records of kt and its plugins: to standard error, and to the log file of
//! a supervised run.

#![forbid(unsafe_code)]

mod file;
mod record;

pub(crate) use file::{append as append_to_file, open as open_file, writes_to_stderr};
pub(crate) use record::{level_from_name, level_name, max_level, record, redirect, set_max_level};

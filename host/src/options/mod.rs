//! The global options: those that every command has.

#![forbid(unsafe_code)]

mod early;
mod format;
mod global;
mod reserved;

pub(crate) use early::{
    early_flag, early_value, early_values, json_requested, only_version_requested,
};
pub(crate) use format::OutputFormat;
pub(crate) use global::{GlobalOptions, add_to, summary};
pub(crate) use reserved::RESERVED_NAMES;

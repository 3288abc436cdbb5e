//! The process of an isolated library: another kt starts it, and it serves the library
//! over standard input and output, as a process plugin does.

#![forbid(unsafe_code)]

mod host;
mod host_access;
mod run;
mod streams;
mod work;
mod workers;

pub(crate) use run::{is_requested, run};

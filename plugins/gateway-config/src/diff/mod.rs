//! `kt gateway diff`, and comparisons for commands that publish.

mod run;
mod selector;
mod side;

pub(crate) use run::run;
pub(crate) use side::{Side, SideLoader};

//! Looks at a plugin in a child process, so that one that crashes, hangs or calls
//! `exit` is a result and not the end of the command.

mod child;
mod report;
mod run;

pub(super) use child::{ChildChecks, check_in_child};
pub(super) use report::CheckReport;
pub(super) use run::run;

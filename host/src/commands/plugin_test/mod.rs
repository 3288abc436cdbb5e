//! `kt plugin test`.

mod cases;
mod child;
mod commands;
mod completion;
mod contract;
mod report;
mod run;
mod values;

pub(super) use run::run;

//! `kt plugin test`.

mod cases;
mod child;
mod commands;
mod contract;
mod report;
mod run;
mod values;

pub(super) use run::run;

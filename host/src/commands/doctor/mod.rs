//! `kt doctor`.

mod host_checks;
mod plugin_checks;
mod run;

pub(super) use run::run;

//! `external-guard:NAME`: a guard that is asked over HTTP.

mod forms;
mod policy;
mod settings;

pub(crate) use settings::ExternalGuard;

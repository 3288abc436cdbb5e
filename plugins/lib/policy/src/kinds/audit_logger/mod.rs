//! `audit-logger`: one record per request; always allows.

mod policy;
mod settings;

pub(crate) use settings::AuditLogger;

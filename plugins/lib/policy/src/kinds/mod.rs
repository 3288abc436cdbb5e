//! The policy kinds: a folder and a line of [`KINDS`](registry::KINDS) for each.

mod audit_logger;
mod data_routing_policy;
mod dlp_filter;
mod external_guard;
mod guard;
mod ip_allowlist;
mod pii_detector;
mod plugin;
mod prompt_injection;
#[cfg(test)]
mod reference_tests;
mod registry;
mod secrets;
mod unsupported;

pub use registry::reason_codes;
pub(crate) use registry::{KINDS, Registration, declaration, find};
pub(crate) use unsupported::UNSUPPORTED;

//! What decides whether a configuration is one.

mod contract;
mod policy;

pub use contract::{ConfigComparison, NamedContent, Validator};
pub use policy::PolicyValidator;

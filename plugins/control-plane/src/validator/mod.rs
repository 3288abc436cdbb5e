//! Validation of configurations.

mod contract;
mod policy;

pub use contract::{ConfigComparison, NamedContent, ValidationResult, Validator};
pub use policy::PolicyValidator;

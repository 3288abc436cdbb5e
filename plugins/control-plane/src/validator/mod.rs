//! What decides whether a configuration is one.

mod contract;
mod policy;

pub use contract::{Comparison, Named, Validator};
pub use policy::PolicyValidator;

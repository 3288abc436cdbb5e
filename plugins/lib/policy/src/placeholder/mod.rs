//! Placeholders such as `[EMAIL_1]`: each stands for one value of one request.

mod json_blocks;
mod json_strings;
mod name;
mod numbers;
mod restorer;
mod suffix;
mod value;
mod values;

pub(crate) use numbers::Placeholders;
pub(crate) use restorer::Part;
pub use restorer::{RestoredText, Restorer};
pub use values::PlaceholderValues;

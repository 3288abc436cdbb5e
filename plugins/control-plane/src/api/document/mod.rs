//! The description of the API for programs: OpenAPI 3.1, made from the list of operations and the
//! types they take and return.

mod bounds;
mod causes;
mod content;
mod divisible;
mod parameter;
mod whole;

pub(super) use content::Content;
pub(super) use parameter::{Kind, Parameter};
pub(super) use whole::document;

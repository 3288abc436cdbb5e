//! The description of one operation of the API.

mod content;
mod definition;
mod parameter;

pub(super) use content::Content;
pub(super) use definition::{Access, Operation, PathParams};
pub(super) use parameter::{Parameter, ParameterType};

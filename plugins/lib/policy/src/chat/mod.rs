//! How a chain judges a chat completion: every text of the request, wherever it
//! stands, and what the model says in the answer. The gateway and the tests of a
//! configuration share it, so that they cannot disagree.

mod answer;
mod filters;
mod leaves;
mod parts;
mod request;

pub use answer::filter_answer;
pub use filters::Filters;
pub use leaves::{Leaf, Step, is_said, leaves, nest, replace, strip_logprobs};
pub use request::{Judged, judge};

//! Evaluation of chat completions: every text of the request, and the generated text of the
//! response. The gateway and `kt policy test` share this code, so that their results agree.

mod document;
mod joined_text;
mod protocol;
mod request;
mod response;
mod response_filters;
mod text_value;
mod unit;

pub use document::{EvaluatedDocument, evaluate_request_text, evaluate_response_text};
pub use request::{EvaluatedRequest, evaluate_request};
pub use response::filter_response;
pub use response_filters::ResponseFilters;
pub use text_value::{
    PathSegment, TextValue, build_nested, is_generated_text, replace_text, strip_logprobs,
    text_values,
};

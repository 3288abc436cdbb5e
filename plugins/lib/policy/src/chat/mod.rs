//! Evaluation of chat completions: every text of the request, and the generated text of the
//! response. The gateway and `kt policy test` share this code, so that their results agree.

mod content;
mod data_url;
mod document;
mod encoded_run;
mod encoding;
mod explain;
mod guard_texts;
mod json_document;
mod json_scalar;
mod json_string;
mod number;
mod numbering;
mod origin;
mod plain_keys;
mod protocol;
mod request_parts;
mod restoration;
mod unit;
mod unit_edits;
mod unit_readings;
mod units;

pub use content::ContentFilter;
pub use document::{
    EvaluatedDocument, evaluate_keys_and_numbers, evaluate_parts, evaluate_request,
    evaluate_response,
};
pub use explain::{TextExplanation, explain_request, explain_response};
pub use guard_texts::{evaluate_guards, guard_texts};
pub use protocol::is_word_of_protocol;
pub use request_parts::RequestParts;
pub use restoration::{RestoredDocument, restore_response, restored_field};

//! The response side of the chain, for a response that arrived as a whole.

use super::response_filters::ResponseFilters;
use super::text_value::{is_generated_text, replace_text, strip_logprobs, text_values};
use crate::chain::Block;
use serde_json::Value;

/// Redacts a response; returns whether something changed.
///
/// # Errors
/// The block, after which nothing of the response may be passed on.
pub fn filter_response(response: &mut Value, filters: &mut ResponseFilters) -> Result<bool, Block> {
    let mut changed = strip_logprobs(response);
    for value in text_values(response).into_iter().filter(is_generated_text) {
        let mut text = filters.push(&value)?;
        for (_, rest) in filters.finish(&value.channel())? {
            text.push_str(&rest);
        }
        if text != value.text {
            changed = true;
            replace_text(response, &value.path, text);
        }
    }
    Ok(changed)
}

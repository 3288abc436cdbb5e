//! The response side of the chain, for an answer that arrived as a whole.

use super::filters::Filters;
use super::leaves::{is_said, leaves, replace, strip_logprobs};
use crate::chain::Block;
use serde_json::Value;

/// Rewrites what is to be redacted in an answer; true when something changed.
///
/// # Errors
/// The block, after which nothing of the answer may be passed on.
pub fn filter_answer(answer: &mut Value, filters: &mut Filters) -> Result<bool, Block> {
    let mut changed = strip_logprobs(answer);
    for leaf in leaves(answer).into_iter().filter(is_said) {
        let mut text = filters.push(&leaf)?;
        for (_, rest) in filters.finish(&leaf.channel())? {
            text.push_str(&rest);
        }
        if text != leaf.text {
            changed = true;
            replace(answer, &leaf.steps, text);
        }
    }
    Ok(changed)
}

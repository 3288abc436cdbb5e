//! The request side of the chain: a request is judged, refused or rewritten, and
//! written down.

use super::refuse::Refusal;
use super::trace::Trace;
use kt_policy::{Decision, chat};
use serde_json::Value;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Judges a request and rewrites what is to be redacted.
///
/// # Errors
/// The refusal, when a policy blocks it, or the evaluation fails under the fail
/// mode `block`.
pub(crate) fn inspect(request: &mut Value, trace: &Trace, fail_open: bool) -> Result<(), Refusal> {
    if !trace.snapshot.enforces() {
        return Ok(());
    }
    let chain = &trace.snapshot.chain;
    let Ok(judged) = catch_unwind(AssertUnwindSafe(|| chat::judge(chain, request))) else {
        tracing::error!(request_id = %trace.id, fail_open, "the evaluation of a request failed");
        return if fail_open {
            Ok(())
        } else {
            Err(Refusal::undecided())
        };
    };
    let whole = judged.verdict();
    trace.judged(&whole, "input");
    if let Decision::Block(block) = &whole.decision {
        return Err(Refusal::blocked(block));
    }
    judged.rewrite(request);
    Ok(())
}

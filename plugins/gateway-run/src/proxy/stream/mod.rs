//! Streamed completions.

mod forward;
mod sse;
mod transform;

pub(super) use forward::{StreamedCompletion, begin};

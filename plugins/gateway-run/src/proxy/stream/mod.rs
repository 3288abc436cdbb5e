//! Streamed completions.

mod chunk;
mod event_shape;
mod forward;
mod guarded;
mod judged_text;
mod outline;
mod shape;
mod sse;
mod stream_error;
mod tool_names;
mod transform;

pub(super) use forward::{StreamedCompletion, begin};

#[cfg(test)]
mod evasion_tests;
#[cfg(test)]
mod restoration_tests;
pub(super) use outline::tokens;

//! Streamed completions.

mod forward;
mod sse;
mod tool_names;
mod transform;

pub(super) use forward::{StreamedCompletion, begin};

#[cfg(test)]
mod evasion_tests;

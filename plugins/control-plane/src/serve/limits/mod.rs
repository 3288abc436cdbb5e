//! How often one caller may ask.
//!
//! For each server, in its memory: of several servers over one database, each allows as much.
//! Own buckets instead of `governor`: its last release (0.10.4, December 2025) brings an older
//! `hashbrown` beside ours, a timer thread's crate and futures, and has no bound for its keys.

mod failures;
mod gate;
mod rate;
#[cfg(test)]
mod tests;
mod tokens;

pub(super) use failures::{Line, Origin};
pub(super) use gate::Limits;
pub use gate::{DEFAULT_PER_SECOND, MOST_PER_SECOND};

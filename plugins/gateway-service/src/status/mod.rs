//! How a service stands: layers that are looked at independently, each with
//! its own time limit, and joined into one verdict.

mod collect;
mod layers;
mod process;
mod shape;
mod verdict;

pub(crate) use collect::collect;
pub(crate) use layers::{Layers, Version};
pub(crate) use shape::output;
pub(crate) use verdict::{Report, Verdict, judge};

#[cfg(test)]
mod tests;

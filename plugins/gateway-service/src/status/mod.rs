//! How a service stands: layers that are looked at independently, each with
//! its own time limit, and joined into one verdict.

mod around;
mod collect;
mod join;
mod layers;
mod problem;
mod shape;
mod verdict;

pub(crate) use collect::{collect, parked};
pub(crate) use layers::{Layers, ProcessLayer, Version};
pub(crate) use problem::Report;
pub(crate) use shape::output;
pub(crate) use verdict::{Verdict, judge};

#[cfg(test)]
mod tests;

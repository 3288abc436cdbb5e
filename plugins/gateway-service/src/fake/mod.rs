//! A service manager and a machine in memory, for tests.

mod backend;
mod set_up;
mod world;

pub(crate) use backend::Toy;
pub(crate) use set_up::{DROP_IN, UNIT, desk, ready, recorded, wanted};
pub(crate) use world::World;

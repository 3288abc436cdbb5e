//! The real machine.

mod process;
mod runner;

pub(crate) use runner::Machine;

#[cfg(test)]
mod tests;

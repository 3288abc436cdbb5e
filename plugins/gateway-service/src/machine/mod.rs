//! The real machine.

mod crash;
mod here;
mod process;
pub(crate) mod process_table;
mod runner;

pub(crate) use here::Here;
pub(crate) use runner::Machine;

#[cfg(test)]
mod tests;

//! The local system: programs, files, processes and sockets.

pub(crate) mod admin_socket;
mod environment;
mod failpoint;
#[cfg(test)]
pub(crate) mod fake_system;
mod local_system;
mod probe;
mod process;
pub(crate) mod process_table;
mod runner;
mod system_info;

pub(crate) use environment::Environment;
pub(crate) use local_system::LocalSystem;
pub(crate) use probe::SystemProbe;
pub(crate) use runner::LocalRunner;
pub(crate) use system_info::collect_system_info;

//! The conformance scenario of `kt.service/1`: what `kt plugin test` runs
//! against a service backend, ours and anybody else's.
//!
//! Everything is real: the service manager, the gateway, its processes. A
//! service gets a name and directories of its own, and all of it is removed at
//! the end. The code that installs, starts and removes is that of the commands.

mod answer;
mod checks;
mod kit;
mod mortal;
mod scenario;
mod set_up;
mod tester;

pub(crate) use tester::{INTERFACE, Tester};

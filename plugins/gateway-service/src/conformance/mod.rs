//! The conformance tests of `kt.service/1`: what `kt plugin test` runs against a
//! service backend, bundled or third-party.
//!
//! Everything is real: the service manager, the gateway, its processes. The test
//! services have names and directories of their own, which are removed at the end.
//! The code that installs, starts and removes is that of the commands.

mod checks;
mod fault_runner;
mod outcome;
mod provider;
mod run_log;
mod scenario;
mod test_context;
mod test_environment;

pub(crate) use kt_plugin_api::plugin_test::INTERFACE;
pub(crate) use provider::PROVIDER;

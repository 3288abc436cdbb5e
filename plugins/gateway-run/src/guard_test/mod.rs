//! The conformance tests of `kt.policy/1`: what `kt plugin test` runs against a guard.
//!
//! - `client` calls the guard, and `answer` checks what it returns with the code of the gateway.
//! - `samples` has texts that any guard must be able to judge, `cases` those of the author.
//! - `checks` has the checks by subject, and `scenario` their order.
//!
//! The checks hold for any guard: none of them knows what a guard finds.

mod answer;
mod cases;
mod checks;
mod client;
mod provider;
mod samples;
mod scenario;
mod subject;

pub(crate) use kt_plugin_api::plugin_test::INTERFACE;
pub(crate) use provider::PROVIDER;

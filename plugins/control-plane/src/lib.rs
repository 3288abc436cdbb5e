//! The control plane: gateways, the configurations that they should serve, and their status.
//!
//! | module | purpose |
//! |---|---|
//! | [`store`] | the data, in an SQLite file or a PostgreSQL database |
//! | [`api`] | requests and responses, independent of HTTP |
//! | [`embedded`] | the API in the caller's process, or through the local server while one runs |
//! | [`serve`] | the API over HTTP |
//! | [`validator`] | validation of configurations |
//!
//! Nothing here reads the environment or chooses a directory, except for the variables of the
//! database's password.

pub mod api;
mod args;
mod crash;
pub mod embedded;
#[cfg(test)]
mod fixture;
mod metrics;
mod plugin;
pub mod serve;
pub mod store;
pub mod validator;

//! The control plane: what gateways exist, what each is meant to serve, and how each stands.
//!
//! | module | job |
//! |---|---|
//! | [`store`] | what is kept, in one SQLite file or a PostgreSQL database |
//! | [`api`] | from request to response, without HTTP |
//! | [`embedded`] | the API in the caller's process, or through the local server when one runs |
//! | [`serve`] | the API over HTTP |
//! | [`validator`] | what decides whether a configuration is one |
//!
//! Nothing here reads the environment or chooses a directory: callers say where things are.

pub mod api;
mod crash;
pub mod embedded;
#[cfg(test)]
mod fixture;
mod metrics;
mod plugin;
pub mod serve;
pub mod store;
pub mod validator;

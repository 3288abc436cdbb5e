//! The main job: gateways that are registered, run, changed, broken, reverted
//! and repaired, on the embedded store and against a server.

mod changes;
mod clients;
mod drift;
mod evasion;
mod kept;
mod kill;
mod main_job;
mod outage;
mod provider;
mod routing;
mod secrets;
mod server;
mod shared;
mod streams;
mod world;

pub(crate) use world::{Gateway, Mode, World, body, said};

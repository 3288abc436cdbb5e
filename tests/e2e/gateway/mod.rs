//! The main job: gateways that are registered, run, changed, broken, reverted
//! and repaired, on the embedded store and against a server.

mod addresses;
mod changes;
mod clients;
mod drift;
mod evasion;
mod hostile;
mod kept;
mod kill;
mod main_job;
mod moved;
mod newer;
mod outage;
mod provider;
mod restored;
mod routing;
mod secrets;
mod server;
mod server_kill;
mod shared;
mod streams;
mod tls;
mod trouble;
mod world;

pub(crate) use server::Server;
pub(crate) use world::{Gateway, Mode, World, body, example, said};

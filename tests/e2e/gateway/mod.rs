//! The life cycle of gateways: create, run, change, reject, revert and reconcile,
//! on the embedded store and against a server.

mod addresses;
mod admission;
mod analyzer;
mod audit_log;
mod changes;
mod clients;
mod doctor;
mod doors;
mod drift;
mod edit;
mod embedded_to_server;
mod errors;
mod evasion;
mod events;
mod external_guard;
mod fail_mode;
mod fleet;
mod halts;
mod inherited_sockets;
mod interrupted;
mod kill;
mod lifecycle;
mod models;
mod names;
mod newer_version;
mod outage;
mod placeholders;
mod plugin_guard;
mod provider;
mod restored;
mod routing;
mod sdk_matrix;
mod secrets;
mod server;
mod server_kill;
mod shared;
mod slow_clients;
mod store_faults;
mod stream_events;
mod streams;
mod tls;
mod watch;
mod world;

pub(crate) use server::Server;
pub(crate) use world::{Gateway, Mode, World, body, example, reply_text};

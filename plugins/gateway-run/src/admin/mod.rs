//! Administration, on a thread and listeners of its own: health and metrics on
//! loopback TCP, configuration on a private unix socket.

mod health;
mod server;
mod socket;
mod view;

pub(crate) use health::health;
pub(crate) use server::{Admin, Request};
pub(crate) use socket::{bind as bind_socket, path_of};
pub(crate) use view::{LastReload, View};

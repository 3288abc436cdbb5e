//! The administration server, on a thread and listeners of its own: health and
//! metrics on loopback TCP, configuration on a private unix socket.

mod halt;
mod server;
mod socket;
mod status;

pub(crate) use server::{AdminServer, ReloadRequest};
pub(crate) use socket::bind as bind_socket;
pub(crate) use status::{ControlStatus, LastReload};

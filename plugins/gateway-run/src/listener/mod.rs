//! Listening sockets: binding them, and passing them on over a restart.

mod bind;
mod inherited;
mod socket;

pub(crate) use bind::{BoundSockets, bind};
pub(crate) use inherited::{ADMIN_SOCKET, InheritedSockets, TRAFFIC_SOCKET};

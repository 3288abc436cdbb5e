//! TLS: a server for other machines, the CA certificates of its clients, and
//! connections to a database.

mod crowd;
mod database;
mod refused;
mod rotated;
mod secured;
mod used;

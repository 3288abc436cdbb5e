//! TLS: a server for other machines, whom its clients trust, and a database that
//! is reached by it.

mod crowd;
mod database;
mod refused;
mod rotated;
mod secured;
mod used;

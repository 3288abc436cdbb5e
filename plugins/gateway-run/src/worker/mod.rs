//! One thread per core: its own runtime, listener, snapshot and upstream
//! connections. A request never crosses threads.

mod config;
mod connection;
mod pool;
mod serve;

pub(crate) use pool::Pool;

//! One thread per core: its own runtime, listener, snapshot and connections to
//! upstreams. Nothing is handed between threads on the way of a request.

mod kept;
mod listen;
mod pool;
mod serve;
mod shared;

pub(crate) use kept::{ADMIN, Kept, TRAFFIC};
pub(crate) use listen::{Bound, bind};
pub(crate) use pool::Pool;
pub(crate) use serve::Local;
pub(crate) use shared::{Admitted, Rules, Shared};

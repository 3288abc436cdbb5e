//! What the benchmarks share.

mod process;
mod quantile;

pub use process::{Server, free_port, own_cpu_time};
pub use quantile::quantile;

//! What the benchmarks share.

mod database;
mod process;
mod quantile;
mod response;

pub use database::Database;
pub use process::{Server, free_port, own_cpu_time};
pub use quantile::quantile;
pub use response::take_response;

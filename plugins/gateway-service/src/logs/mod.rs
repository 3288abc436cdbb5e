//! The log of a service: the gateway's own log, which the host keeps beside the
//! service record under any service manager, and the messages of the service
//! manager about the service.

mod follow;
mod gateway_log;
mod log_line;
mod log_range;
mod manager_log;
mod read;

pub(crate) use follow::{Tail, follow};
pub(crate) use log_line::LogLine;
pub(crate) use log_range::LogRange;
pub(crate) use read::read;

#[cfg(test)]
mod tests;

//! The log of a service: the gateway's own, which the host keeps beside the
//! service's record whatever supervises it, and what the service manager says
//! about the service.

mod follow;
mod line;
mod own;
mod read;
mod since;
mod source;

pub(crate) use follow::{Tail, follow};
pub(crate) use line::Line;
pub(crate) use read::{Range, read};
pub(crate) use since::since;

#[cfg(test)]
mod tests;

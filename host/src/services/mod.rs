//! What the host offers to plugins: logging, cancellation, results and events,
//! questions, and the providers of other plugins.

mod context;
mod inherited;
pub(crate) mod log;
mod providers;
mod run;
pub(crate) mod signals;

pub(crate) use context::Call;
pub(crate) use inherited::Inherited;
pub(crate) use providers::Providers;
pub(crate) use run::{Runner, Streams};

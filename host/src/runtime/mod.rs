//! The runtime for plugins: runs their commands, and gives them results, events,
//! prompts, cancellation, and the providers of other plugins.

mod console;
mod context;
mod inherited_descriptors;
mod providers;
mod runner;
mod signals;

pub(crate) use console::Console;
pub(crate) use context::CallContext;
pub(crate) use inherited_descriptors::InheritedDescriptors;
pub(crate) use providers::Providers;
pub(crate) use runner::Runner;
pub(crate) use signals::SignalState;

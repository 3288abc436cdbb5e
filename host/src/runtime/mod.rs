//! The runtime for plugins: runs their commands, and gives them results, events,
//! prompts, cancellation, and the providers of other plugins.

mod call_context;
mod console;
mod context;
mod inherited_descriptors;
mod method_call;
mod providers;
mod runner;
mod signals;

pub(crate) use call_context::CallContext;
pub(crate) use console::Console;
pub(crate) use context::call_provider;
pub(crate) use inherited_descriptors::InheritedDescriptors;
pub(crate) use providers::Providers;
pub(crate) use runner::{CHANGE_GRACE, Runner};
pub(crate) use signals::SignalState;

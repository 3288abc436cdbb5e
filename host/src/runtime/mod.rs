//! The runtime for plugins: runs their commands, and gives them results, events,
//! prompts, cancellation, and the providers of other plugins.

mod call_context;
mod call_failure;
mod completion;
mod console;
mod context;
mod inherited_descriptors;
mod isolation;
mod method_call;
mod process_call;
mod providers;
mod runner;
mod signals;
mod transport;

pub(crate) use call_context::{
    CallContext, Implementation, OpenProvider, ProviderAccess, RemoteProvider,
};
pub(crate) use completion::{CompletionQuery, complete, complete_command};
pub(crate) use console::{Console, PromptRequest};
pub(crate) use context::{call_provider, context};
pub(crate) use inherited_descriptors::InheritedDescriptors;
pub(crate) use isolation::IsolationPolicy;
pub(crate) use method_call::call_method;
pub(crate) use providers::Providers;
pub(crate) use runner::{CHANGE_GRACE, Runner, run_command};
pub(crate) use signals::{SignalState, ignore_interrupts};
pub(crate) use transport::{Transport, shut_down};

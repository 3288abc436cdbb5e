//! The typed form of `kt.service/1`: how a service manager is driven.
//!
//! A backend is *pure*. It never runs a program, opens a file or asks for the
//! time: it says which probes to make ([`Probe`]), reads their results
//! ([`ProbeResult`]) and answers with what it saw ([`Detection`],
//! [`ServiceStatus`]) or with what to do ([`Plan`]: files and steps). One executor,
//! the caller, makes probes and runs plans, so that transaction, rollback,
//! time limits and `--print` are written once for every backend, and a backend
//! for macOS can be tested on Linux.
//!
//! Methods of the interface, each with one JSON object in and one out:
//!
//! | method | in | out |
//! |---|---|---|
//! | `describe` | `{}` | [`Description`] |
//! | `inspect` | [`InspectRequest`] | [`Probes`] |
//! | `detect` | [`DetectRequest`] | [`Detection`] |
//! | `observe` | [`ObserveRequest`] | [`ServiceStatus`] |
//! | `render` | [`RenderRequest`] | [`Plan`] |
//! | `preflight` | [`RenderRequest`] | [`Plan`] |
//! | `adopt` | [`AdoptRequest`] | [`Plan`] |
//! | `logs` | [`LogsRequest`] | [`LogSources`] |
//!
//! An author implements [`ServiceBackend`] and returns a [`ServiceProvider`]
//! from [`crate::Plugin::provider`]; a caller wraps what the host opened in a
//! [`RemoteBackend`]. Answers are read leniently: unknown keys are ignored and
//! absent ones have the meaning that their field documents.

mod backend;
mod describe;
mod detect;
pub mod execute;
mod logs;
mod plan;
mod probe;
mod spec;
mod status;
mod system;
mod wire;

pub use backend::ServiceBackend;
pub use describe::{Capabilities, Description};
pub use detect::{Availability, DetectRequest, Detection, Reason};
pub use logs::{LogSource, LogSources, LogsRequest};
pub use plan::{
    Action, AdoptRequest, Artifact, ExecSpec, Plan, RenderOptions, RenderRequest, RetryPolicy,
    Step, StepAction, StepRole,
};
pub use probe::{
    FileKind, InspectRequest, InspectTarget, Probe, ProbeAction, ProbeOutcome, ProbeResult, Probes,
};
pub use spec::{Sandbox, ServiceName, ServiceSpec};
pub use status::{ActiveState, Autostart, ExitKind, LastExit, ObserveRequest, ServiceStatus};
pub use system::SystemInfo;
pub use wire::{INTERFACE, RemoteBackend, ServiceProvider};

#[cfg(test)]
mod tests;

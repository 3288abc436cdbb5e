//! The typed form of `kt.service/1`, the interface of service manager backends.
//!
//! A backend is *pure*. It never runs a program, opens a file or reads the clock.
//! It returns probes ([`Probe`]), evaluates their results ([`ProbeResult`]), and
//! returns a state ([`Detection`], [`ServiceStatus`]) or a [`Plan`] of files and
//! steps. The caller runs the probes and applies the plans. Transaction, rollback,
//! timeouts and `--print` are therefore implemented once for all backends, and a
//! backend for macOS can be tested on Linux.
//!
//! The service manager is called `supervisor` in identifiers. The methods take and
//! return one JSON object each:
//!
//! | method | request | result |
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
//! A plugin implements [`ServiceBackend`] and returns a [`ServiceProvider`] from
//! [`crate::Plugin::provider`]. A caller wraps the provider that the host opened in
//! a [`RemoteBackend`]. Readers ignore unknown keys; an absent key has the default
//! of its field.

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

pub use backend::{INTERFACE, ServiceBackend};
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
pub use wire::{RemoteBackend, ServiceProvider};

#[cfg(test)]
mod tests;

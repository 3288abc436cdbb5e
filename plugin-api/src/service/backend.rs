//! What a backend implements.

use super::wire::INTERFACE;
use super::{
    AdoptRequest, Description, DetectRequest, Detection, InspectRequest, LogSources, LogsRequest,
    ObserveRequest, Plan, Probes, RenderRequest, ServiceStatus,
};
use crate::Error;
use crate::sdk::plugin::unsupported_method;

/// Translates between services and one kind of service manager. Every method
/// is a pure function of its request.
pub trait ServiceBackend: Send + Sync {
    /// Says what the backend is and can do.
    ///
    /// # Errors
    /// None of its own; a caller across the host may see class `plugin`.
    fn describe(&self) -> Result<Description, Error>;

    /// Says which probes [`ServiceBackend::detect`] or
    /// [`ServiceBackend::observe`] wants to be made.
    ///
    /// # Errors
    /// Class `usage` for system or names that it cannot work with.
    fn inspect(&self, request: &InspectRequest) -> Result<Probes, Error>;

    /// Reads the probes of the service manager itself.
    ///
    /// # Errors
    /// Class `plugin` when a probe that it asked for is missing.
    fn detect(&self, request: &DetectRequest) -> Result<Detection, Error>;

    /// Reads the probes of one service. What a probe could not tell stays
    /// unknown; it is never guessed.
    ///
    /// # Errors
    /// Class `plugin` when a probe that it asked for is missing.
    fn observe(&self, request: &ObserveRequest) -> Result<ServiceStatus, Error>;

    /// Says which files to write and which commands to run for an action.
    ///
    /// # Errors
    /// Class `usage` for a specification that the service manager cannot
    /// express, such as an executable whose path it refuses.
    fn render(&self, request: &RenderRequest) -> Result<Plan, Error>;

    /// Says what shows whether a strict sandbox works here: a plan that the
    /// caller runs and, whatever comes of it, takes back. Only called where
    /// [`Capabilities::strict_sandbox`] is set.
    ///
    /// # Errors
    /// As [`ServiceBackend::render`].
    ///
    /// [`Capabilities::strict_sandbox`]: super::Capabilities::strict_sandbox
    fn preflight(&self, _: &RenderRequest) -> Result<Plan, Error> {
        Err(unsupported_method(INTERFACE, "preflight"))
    }

    /// Says how a person's edits of a file are kept where the next `install`
    /// does not overwrite them. Only called where [`Capabilities::drop_ins`] is
    /// set.
    ///
    /// # Errors
    /// Class `conflict` with id `adopt-impossible` for an edit that cannot be
    /// moved.
    ///
    /// [`Capabilities::drop_ins`]: super::Capabilities::drop_ins
    fn adopt(&self, _: &AdoptRequest) -> Result<Plan, Error> {
        Err(unsupported_method(INTERFACE, "adopt"))
    }

    /// Says where the service's log is.
    ///
    /// # Errors
    /// Class `usage` as for [`ServiceBackend::inspect`].
    fn logs(&self, request: &LogsRequest) -> Result<LogSources, Error>;
}

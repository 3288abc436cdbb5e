//! The trait of a backend.

use super::{
    AdoptRequest, Description, DetectRequest, Detection, InspectRequest, LogSources, LogsRequest,
    ObserveRequest, Plan, Probes, RenderRequest, ServiceStatus,
};
use crate::Error;
use crate::sdk::plugin::unsupported_method;

/// Id of the interface.
pub const INTERFACE: &str = "kt.service/1";

/// A backend for one service manager. Every method is a pure function of its
/// request.
pub trait ServiceBackend: Send + Sync {
    /// Returns the description and the capabilities of the backend.
    ///
    /// # Errors
    /// None of its own; a [`RemoteBackend`] may return class `plugin`.
    ///
    /// [`RemoteBackend`]: super::RemoteBackend
    fn describe(&self) -> Result<Description, Error>;

    /// Returns the probes that [`ServiceBackend::detect`] or
    /// [`ServiceBackend::observe`] requires.
    ///
    /// # Errors
    /// Class `usage` for system information or names that are not supported.
    fn inspect(&self, request: &InspectRequest) -> Result<Probes, Error>;

    /// Evaluates the probes of the service manager.
    ///
    /// # Errors
    /// Class `plugin` if the result of a requested probe is missing.
    fn detect(&self, request: &DetectRequest) -> Result<Detection, Error>;

    /// Evaluates the probes of one service. Values that the probes do not show are
    /// unknown, never guessed.
    ///
    /// # Errors
    /// Class `plugin` if the result of a requested probe is missing.
    fn observe(&self, request: &ObserveRequest) -> Result<ServiceStatus, Error>;

    /// Returns the files and steps of an action.
    ///
    /// # Errors
    /// Class `usage` for a specification that the service manager does not
    /// support, such as an executable whose path it rejects.
    fn render(&self, request: &RenderRequest) -> Result<Plan, Error>;

    /// Returns a plan that succeeds if a strict sandbox works on this system. The
    /// caller applies it and always reverts it. Only called if
    /// [`Capabilities::strict_sandbox`] is set.
    ///
    /// # Errors
    /// As [`ServiceBackend::render`].
    ///
    /// [`Capabilities::strict_sandbox`]: super::Capabilities::strict_sandbox
    fn preflight(&self, _: &RenderRequest) -> Result<Plan, Error> {
        Err(unsupported_method(INTERFACE, "preflight"))
    }

    /// Returns a plan that moves the user's edits of a file to a drop-in, which
    /// `install` does not overwrite. Only called if [`Capabilities::drop_ins`] is
    /// set.
    ///
    /// # Errors
    /// Class `conflict` with id `adopt-impossible` for an edit that a drop-in cannot
    /// express.
    ///
    /// [`Capabilities::drop_ins`]: super::Capabilities::drop_ins
    fn adopt(&self, _: &AdoptRequest) -> Result<Plan, Error> {
        Err(unsupported_method(INTERFACE, "adopt"))
    }

    /// Returns the sources of the service's log.
    ///
    /// # Errors
    /// Class `usage` as for [`ServiceBackend::inspect`].
    fn logs(&self, request: &LogsRequest) -> Result<LogSources, Error>;
}

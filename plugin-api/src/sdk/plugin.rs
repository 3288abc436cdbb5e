//! The traits that a plugin implements.

use crate::abi::KtHost;
use crate::{Context, Error, Invocation, Output};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The root of a plugin; one value lives as long as the process.
pub trait Plugin: Sized + Send + Sync + 'static {
    /// Makes the plugin. Nothing slow belongs here: it runs before every
    /// command of the plugin.
    ///
    /// # Errors
    /// Whatever keeps the plugin from working at all.
    fn init(host: Host) -> Result<Self, Error>;

    /// Who runs the manifest's commands, if it has any.
    fn command(&self) -> Option<&dyn Command> {
        None
    }

    /// Who answers calls of `interface`, if the manifest provides it.
    fn provider(&self, interface: &str) -> Option<&dyn Provider> {
        let _unused = interface;
        None
    }
}

/// Runs commands.
pub trait Command: Send + Sync {
    /// Runs the command `invocation.path`.
    ///
    /// # Errors
    /// The error's class decides the exit code.
    fn run(&self, invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error>;

    /// Values for an argument that the manifest marks `dynamic`. It has a tenth
    /// of a second, and must not use the network.
    fn complete(&self, request: &CompletionRequest, context: &Context<'_>) -> Vec<String> {
        let _unused = (request, context);
        Vec::new()
    }
}

/// A request for values of one argument.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CompletionRequest {
    /// The argument's name.
    pub arg: String,
    /// What has been typed of it.
    pub prefix: String,
    /// The invocation so far.
    pub invocation: Invocation,
}

/// Answers the calls of an interface.
pub trait Provider: Send + Sync {
    /// Calls `method` with `request`.
    ///
    /// # Errors
    /// Class `plugin` with id `unsupported-method` for an unknown method;
    /// otherwise what the interface says.
    fn call(&self, method: &str, request: Value, context: &Context<'_>) -> Result<Value, Error>;
}

/// A provider of `kt.control-plane/1`: request and response of the HTTP API as
/// JSON, method `request`.
pub trait ControlPlane: Send + Sync {
    /// Answers one request.
    ///
    /// # Errors
    /// Only when there is no response: not reachable, cancelled, timed out.
    fn request(&self, request: Value, context: &Context<'_>) -> Result<Value, Error>;
}

impl<T: ControlPlane> Provider for T {
    fn call(&self, method: &str, request: Value, context: &Context<'_>) -> Result<Value, Error> {
        match method {
            "request" => self.request(request, context),
            other => Err(unsupported_method("kt.control-plane/1", other)),
        }
    }
}

/// The error for a method that an interface does not have.
#[must_use]
pub fn unsupported_method(interface: &str, method: &str) -> Error {
    Error::new(
        crate::Class::Plugin,
        "unsupported-method",
        format!("`{interface}` has no method `{method}`"),
    )
}

/// The host, for as long as the plugin is loaded.
#[derive(Clone, Copy)]
pub struct Host {
    raw: *const KtHost,
}

// SAFETY: the header promises that a host's functions may be called from any
// thread for as long as the plugin is loaded, and plugins are never unloaded.
unsafe impl Send for Host {}
// SAFETY: as above.
unsafe impl Sync for Host {}

impl Host {
    /// # Safety
    /// `raw` must be the pointer that `init` was given.
    #[doc(hidden)]
    pub unsafe fn from_raw(raw: *const KtHost) -> Self {
        Self { raw }
    }

    /// The most verbose log level that is wanted; 0 means none.
    #[must_use]
    pub fn log_max_level(&self) -> u32 {
        // SAFETY: the pointer is valid by the promise of `from_raw`.
        let host = unsafe { &*self.raw };
        // SAFETY: the function is called with its own context.
        host.log_max_level.map_or(0, |f| unsafe { f(host.ctx) })
    }

    /// Hands a log record to the host. `tracing` events come this way too.
    pub fn log(&self, level: u32, target: &str, message: &str, fields: &str) {
        use crate::abi::KtStr;
        // SAFETY: the pointer is valid by the promise of `from_raw`.
        let host = unsafe { &*self.raw };
        if let Some(log) = host.log {
            let (target, message, fields) =
                (KtStr::new(target), KtStr::new(message), KtStr::new(fields));
            // SAFETY: its own context, and texts that outlive the call.
            unsafe { log(host.ctx, level, target, message, fields) };
        }
    }
}

//! The traits that a plugin implements.

use crate::abi::KtHost;
use crate::{Context, Error, Invocation, Output};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The root of a plugin; one value lives as long as the process.
pub trait Plugin: Sized + Send + Sync + 'static {
    /// Creates the plugin. It should be fast, since it runs before every command
    /// of the plugin.
    ///
    /// # Errors
    /// Any error that makes the plugin unusable.
    fn init(host: Host) -> Result<Self, Error>;

    /// Returns the implementation of the manifest's commands, if it has any.
    fn command(&self) -> Option<&dyn Command> {
        None
    }

    /// Returns the implementation of `interface`, if the manifest provides it.
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
    /// The class of the error determines the exit code.
    fn run(&self, invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error>;

    /// Returns completions for an argument that the manifest marks `dynamic`. It
    /// must return within 100 ms and must not access the network.
    fn complete(&self, request: &CompletionRequest, context: &Context<'_>) -> Vec<String> {
        let _unused = (request, context);
        Vec::new()
    }
}

/// A request for completions of one argument.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CompletionRequest {
    /// The argument's name.
    pub arg: String,
    /// The text to complete.
    pub prefix: String,
    /// The invocation so far.
    pub invocation: Invocation,
}

/// Handles the calls of an interface.
pub trait Provider: Send + Sync {
    /// Calls `method` with `request`.
    ///
    /// # Errors
    /// Class `plugin` with id `unsupported-method` for an unknown method;
    /// otherwise as specified by the interface.
    fn call(&self, method: &str, request: Value, context: &Context<'_>) -> Result<Value, Error>;
}

/// A provider of `kt.control-plane/1`: request and response of the HTTP API as
/// JSON, method `request`.
pub trait ControlPlane: Send + Sync {
    /// Handles one request.
    ///
    /// # Errors
    /// Only if there is no response: not reachable, cancelled, timed out.
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

/// Returns the error for a method that an interface does not have.
#[must_use]
pub fn unsupported_method(interface: &str, method: &str) -> Error {
    Error::new(
        crate::Class::Plugin,
        "unsupported-method",
        format!("`{interface}` has no method `{method}`"),
    )
}

/// The host; valid while the plugin is loaded.
#[derive(Clone, Copy)]
pub struct Host {
    raw: *const KtHost,
}

// SAFETY: the header guarantees that the functions of the host may be called from
// any thread while the plugin is loaded, and plugins are never unloaded.
unsafe impl Send for Host {}
// SAFETY: as above.
unsafe impl Sync for Host {}

impl Host {
    /// # Safety
    /// `raw` must be the pointer that was passed to `init`.
    #[doc(hidden)]
    pub unsafe fn from_raw(raw: *const KtHost) -> Self {
        Self { raw }
    }

    /// Returns the most verbose enabled log level; 0 means that logging is off.
    #[must_use]
    pub fn log_max_level(&self) -> u32 {
        // SAFETY: the pointer is valid as `from_raw` requires.
        let host = unsafe { &*self.raw };
        // SAFETY: the function is called with its own context.
        host.log_max_level.map_or(0, |f| unsafe { f(host.ctx) })
    }

    /// Sends a log record to the host, as `tracing` events do.
    pub fn log(&self, level: u32, target: &str, message: &str, fields: &str) {
        use crate::abi::KtStr;
        // SAFETY: the pointer is valid as `from_raw` requires.
        let host = unsafe { &*self.raw };
        if let Some(log) = host.log {
            let (target, message, fields) =
                (KtStr::new(target), KtStr::new(message), KtStr::new(fields));
            // SAFETY: called with its own context; the texts outlive the call.
            unsafe { log(host.ctx, level, target, message, fields) };
        }
    }
}

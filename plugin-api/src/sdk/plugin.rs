//! The traits that a plugin implements.

use crate::abi::{self, KtHost, KtStr};
use crate::{Context, Error, Invocation, Output};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;

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

    /// Returns the implementation of the provider `name` of `interface`, if the
    /// manifest provides it.
    fn provider(&self, interface: &str, name: &str) -> Option<&dyn Provider> {
        let _unused = (interface, name);
        None
    }

    /// Called at the orderly end of the process, after every call has returned. The
    /// host does not wait longer than `timeout`.
    fn shutdown(&self, timeout: Duration) {
        let _unused = timeout;
    }
}

/// Runs commands.
pub trait Command: Send + Sync {
    /// Runs the command `invocation.path`.
    ///
    /// # Errors
    /// The class of the error determines the exit code.
    fn run(&self, invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error>;

    /// Returns completions for an argument that the manifest marks `dynamic`: values,
    /// each optionally followed by a tab and a description. The host offers those that
    /// begin with what is typed. A user waits: it should return within 100 ms, and the
    /// host ends it soon after the deadline of the context, less than a second later.
    ///
    /// # Errors
    /// Why values are missing. Users do not see it, authors do.
    fn complete(
        &self,
        request: &CompletionRequest,
        context: &Context<'_>,
    ) -> Result<Vec<String>, Error> {
        let _unused = (request, context);
        Ok(Vec::new())
    }
}

/// A request for completions of one argument.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct CompletionRequest {
    /// The argument's name.
    pub arg: String,
    /// The part of the value that is typed.
    pub prefix: String,
    /// The invocation that the words before the value make. Arguments that are not typed
    /// yet are absent, also if they are required.
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
    raw: KtHost,
}

// SAFETY: the header guarantees that the functions of the host may be called from
// any thread while the plugin is loaded, and plugins are never unloaded.
unsafe impl Send for Host {}
// SAFETY: as above.
unsafe impl Sync for Host {}

impl Host {
    /// # Errors
    /// If the host passed an invalid struct.
    ///
    /// # Safety
    /// `raw` must be the pointer that was passed to `init`.
    #[doc(hidden)]
    pub unsafe fn from_raw(raw: *const KtHost) -> Result<Self, abi::StructError> {
        // SAFETY: as the caller guarantees.
        let raw = unsafe { abi::read(raw) }?;
        Ok(Self { raw })
    }

    /// Returns the major and minor version of the ABI that the host supports.
    #[must_use]
    pub fn abi_version(&self) -> (u16, u16) {
        (self.raw.abi_major, self.raw.abi_minor)
    }

    /// The field that the feature `next` appends.
    #[cfg(feature = "next")]
    #[must_use]
    pub fn next(&self) -> usize {
        self.raw.next
    }

    /// Returns the most verbose enabled log level; 0 means that logging is off.
    #[must_use]
    pub fn log_max_level(&self) -> u32 {
        let function = self.raw.log_max_level;
        // SAFETY: the function is called with its own context.
        function.map_or(0, |f| unsafe { f(self.raw.ctx) })
    }

    /// Sends a log record to the host, as `tracing` events do.
    pub fn log(&self, level: u32, target: &str, message: &str, fields: &str) {
        if let Some(log) = self.raw.log {
            let (target, message, fields) =
                (KtStr::new(target), KtStr::new(message), KtStr::new(fields));
            // SAFETY: called with its own context; the texts outlive the call.
            unsafe { log(self.raw.ctx, level, target, message, fields) };
        }
    }

    /// Reports the error of `init`.
    pub(super) fn fail(&self, error: &crate::Error) {
        let json = serde_json::to_string(error).unwrap_or_default();
        if let Some(fail) = self.raw.fail {
            // SAFETY: called with its own context; the text outlives the call.
            unsafe { fail(self.raw.ctx, KtStr::new(&json)) };
        }
    }
}

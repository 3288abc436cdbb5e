//! The calls of the library.

use super::host::Host;
use super::host_access::HostAccess;
use crate::discovery::DiscoveredPlugin;
use crate::discovery::PluginManifest;
use crate::load::LoadedPlugin;
use crate::rpc::{
    APPLICATION_ERROR, CompleteParams, InterfaceCallParams, RunParams, compact, error_response,
    response,
};
use crate::runtime::{
    CallContext, Implementation, OpenProvider, SignalState, Transport, call_method,
    complete_command, context, run_command, shut_down,
};
use kt_plugin_api::{Class, Error};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The command of an invocation.
#[derive(Default, Deserialize)]
struct CommandPath {
    path: Vec<String>,
}

/// The loaded library, and its running calls.
pub(super) struct Library {
    pub(super) plugin: DiscoveredPlugin,
    pub(super) manifest: PluginManifest,
    loaded: &'static LoadedPlugin,
    pub(super) host: Arc<Host>,
    running: Mutex<BTreeMap<u64, Arc<SignalState>>>,
}

impl Library {
    pub(super) fn new(
        (plugin, manifest): (DiscoveredPlugin, PluginManifest),
        loaded: &'static LoadedPlugin,
        host: Arc<Host>,
    ) -> Self {
        Self {
            plugin,
            manifest,
            loaded,
            host,
            running: Mutex::default(),
        }
    }

    /// Registers a call, which can be cancelled from then on.
    pub(super) fn begin(&self, call: u64) -> std::io::Result<Arc<SignalState>> {
        let signals = SignalState::without_handlers()?;
        self.lock().insert(call, Arc::clone(&signals));
        Ok(signals)
    }

    pub(super) fn cancel(&self, call: u64, reason: i32) {
        let signals = self.lock().get(&call).cloned();
        if let Some(signals) = signals {
            signals.cancel(reason);
        }
    }

    pub(super) fn reload(&self) {
        for signals in self.lock().values() {
            signals.reload();
        }
    }

    /// Runs a command, and sends the response.
    pub(super) fn run_command(&self, id: &Value, params: &RunParams, signals: Arc<SignalState>) {
        let access = self.access(params.call);
        let context = CallContext::new(&access, &access, Some(signals), params.deadline_unix_ms);
        let json = params.invocation.get();
        let path = serde_json::from_str::<CommandPath>(json).unwrap_or_default();
        let result = run_command(self.loaded, &context, (&path.path, json));
        self.end(params.call);
        self.respond(
            id,
            result.map_err(|e| e.into_error(&self.plugin, &self.manifest)),
        );
    }

    /// Completes an argument, and sends the response.
    pub(super) fn complete(&self, id: &Value, params: &CompleteParams, signals: Arc<SignalState>) {
        let access = self.access(params.call);
        let call = CallContext::new(&access, &access, Some(signals), params.deadline_unix_ms);
        let result = complete_command(self.loaded, &call.of_method(), params.request.get());
        self.end(params.call);
        self.respond(
            id,
            result.map_err(|e| e.into_error(&self.plugin, &self.manifest)),
        );
    }

    fn respond(&self, id: &Value, result: Result<impl Serialize, Error>) {
        self.host.writer.send(&match result {
            Ok(output) => response(id, &output),
            Err(error) => error_response(id, APPLICATION_ERROR, &error),
        });
    }

    /// Calls a method, and sends the response.
    pub(super) fn call_method(
        &self,
        id: &Value,
        params: InterfaceCallParams,
        signals: Arc<SignalState>,
    ) {
        let access = self.access(params.call);
        let call = CallContext::new(&access, &access, Some(signals), params.deadline_unix_ms);
        let call = call.of_method();
        let result = self
            .provider(&params.interface, &params.name)
            .and_then(|provider| {
                let request = params.request.get().as_bytes();
                let result =
                    call_method(&provider, &params.method, request, (&call, &context(&call)));
                let result = result.map_err(|failed| failed.error)?;
                let text = String::from_utf8(result).map_err(malformed)?;
                compact(&text).map_err(malformed)
            });
        self.end(params.call);
        self.host.writer.send(&match result {
            Ok(result) => response(id, &result),
            Err(error) => error_response(id, APPLICATION_ERROR, &error),
        });
    }

    fn provider(&self, interface: &str, name: &str) -> Result<OpenProvider, Error> {
        let vtable = self.loaded.provider(interface, name).map_err(|e| {
            let message = format!("it cannot provide `{interface}` (`{name}`)");
            Error::new(Class::Plugin, "provider-not-found", message).cause(e)
        })?;
        Ok(OpenProvider {
            plugin: self.manifest.name.clone(),
            version: self.manifest.version.clone(),
            path: self.plugin.library().unwrap_or_default(),
            interface: interface.to_owned(),
            name: name.to_owned(),
            implementation: Implementation::Library(self.loaded.identity(), vtable),
        })
    }

    /// Ends the library, when every call has returned.
    pub(super) fn shut_down(&self) {
        let label = format!("plugin `{}` {}", self.manifest.name, self.manifest.version);
        shut_down(vec![(label, Transport::Library(self.loaded))]);
    }

    fn access(&self, call: u64) -> HostAccess {
        HostAccess {
            host: Arc::clone(&self.host),
            call,
        }
    }

    fn end(&self, call: u64) {
        self.lock().remove(&call);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, BTreeMap<u64, Arc<SignalState>>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn malformed(error: impl std::fmt::Display) -> Error {
    Error::internal("the host and the process of the plugin differ in their messages").cause(error)
}

//! Output, prompts and providers of a call, which the host has.

use super::host::Host;
use crate::rpc::{
    EmitParams, OpenParams, OpenResult, PromptParams, ProviderCallParams, ProviderId,
    ProvidersParams,
};
use crate::runtime::{
    CallContext, Console, Implementation, OpenProvider, PromptRequest, ProviderAccess,
    RemoteProvider,
};
use kt_plugin_api::{Error, Event, Output, ProviderInfo};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::json;
use serde_json::value::RawValue;
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::Arc;

/// What the host gives one call access to.
pub(super) struct HostAccess {
    pub(super) host: Arc<Host>,
    pub(super) call: u64,
}

/// A provider that the host has opened for a call.
struct HostProvider {
    host: Arc<Host>,
    call: u64,
    provider: u64,
}

impl HostAccess {
    fn emit(&self, kind: &str, value: &impl Serialize) {
        if let Ok(value) = serde_json::value::to_raw_value(value) {
            let params = EmitParams {
                call: self.call,
                kind: kind.to_owned(),
                value,
            };
            self.host.notify("emit", &params);
        }
    }
}

impl Console for HostAccess {
    fn event(&self, event: &Event) {
        self.emit("event", event);
    }

    fn part(&self, part: &Output) -> bool {
        self.emit("partial-result", part);
        // If the host cannot write it, it cancels the call.
        true
    }

    fn progress(&self, message: &str) {
        self.emit("progress", &json!({ "message": message }));
    }

    fn warn(&self, message: &str) {
        self.emit("warning", &json!({ "message": message }));
    }

    fn ask(&self, prompt: &PromptRequest<'_>) -> Result<String, Error> {
        // The host cancels the prompt.
        let params = PromptParams {
            call: self.call,
            kind: prompt.kind.to_owned(),
            question: prompt.question.to_owned(),
        };
        parse(&self.host.request("prompt", &params)?)
    }
}

impl ProviderAccess for HostAccess {
    fn list(&self, interface: &str) -> Result<Vec<ProviderInfo>, Error> {
        let params = ProvidersParams {
            call: self.call,
            interface: interface.to_owned(),
        };
        parse(&self.host.request("providers/list", &params)?)
    }

    fn open(&self, interface: &str, name: &str) -> Result<OpenProvider, Error> {
        let params = OpenParams {
            call: self.call,
            interface: interface.to_owned(),
            name: name.to_owned(),
        };
        let opened: OpenResult = parse(&self.host.request("provider/open", &params)?)?;
        Ok(OpenProvider {
            plugin: opened.plugin,
            version: opened.version,
            path: PathBuf::new(),
            interface: interface.to_owned(),
            name: opened.name,
            implementation: Implementation::Remote(Box::new(HostProvider {
                host: Arc::clone(&self.host),
                call: self.call,
                provider: opened.provider,
            })),
        })
    }

    fn take_inherited(&self) -> Option<(String, OwnedFd)> {
        // The descriptors are in the process of the host.
        None
    }
}

impl RemoteProvider for HostProvider {
    fn call(
        &self,
        method: &str,
        request: Box<RawValue>,
        call: &CallContext<'_>,
    ) -> Result<String, Error> {
        let params = ProviderCallParams {
            call: self.call,
            provider: self.provider,
            method: method.to_owned(),
            request,
            deadline_unix_ms: call.deadline(),
            ignore_cancellation: call.ignores_cancellation(),
        };
        self.host.request("provider/call", &params)
    }
}

impl Drop for HostProvider {
    fn drop(&mut self) {
        let params = ProviderId {
            call: self.call,
            provider: self.provider,
        };
        self.host.notify("provider/close", &params);
    }
}

fn parse<T: DeserializeOwned>(json: &str) -> Result<T, Error> {
    serde_json::from_str(json)
        .map_err(|e| Error::internal("the host sent an unexpected response").cause(e))
}

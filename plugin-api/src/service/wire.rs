//! Both ends of the interface's calls.

use super::{
    AdoptRequest, Description, DetectRequest, Detection, InspectRequest, LogSources, LogsRequest,
    ObserveRequest, Plan, Probes, RenderRequest, ServiceBackend, ServiceStatus,
};
use crate::sdk::plugin::unsupported_method;
use crate::{Class, Context, Error, Provider, ProviderHandle};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Id of the interface.
pub const INTERFACE: &str = "kt.service/1";

/// Answers the calls of `kt.service/1` with a backend.
#[derive(Debug, Clone, Copy, Default)]
pub struct ServiceProvider<B>(pub B);

impl<B: ServiceBackend> ServiceProvider<B> {
    /// Answers one call; what [`Provider::call`] does, without a host.
    ///
    /// # Errors
    /// Class `plugin` with id `unsupported-method` for an unknown method,
    /// `bad-request` for an unreadable request; otherwise the backend's own.
    pub fn dispatch(&self, method: &str, request: Value) -> Result<Value, Error> {
        match method {
            "describe" => written(self.0.describe()),
            "inspect" => written(self.0.inspect(&read::<InspectRequest>(request)?)),
            "detect" => written(self.0.detect(&read::<DetectRequest>(request)?)),
            "observe" => written(self.0.observe(&read::<ObserveRequest>(request)?)),
            "render" => written(self.0.render(&read::<RenderRequest>(request)?)),
            "preflight" => written(self.0.preflight(&read::<RenderRequest>(request)?)),
            "adopt" => written(self.0.adopt(&read::<AdoptRequest>(request)?)),
            "logs" => written(self.0.logs(&read::<LogsRequest>(request)?)),
            other => Err(unsupported_method(INTERFACE, other)),
        }
    }
}

impl<B: ServiceBackend> Provider for ServiceProvider<B> {
    fn call(&self, method: &str, request: Value, _: &Context<'_>) -> Result<Value, Error> {
        self.dispatch(method, request)
    }
}

fn read<T: DeserializeOwned>(request: Value) -> Result<T, Error> {
    serde_json::from_value(request).map_err(|e| {
        Error::new(Class::Plugin, "bad-request", "the request cannot be read").cause(e)
    })
}

fn written<T: Serialize>(answer: Result<T, Error>) -> Result<Value, Error> {
    serde_json::to_value(answer?)
        .map_err(|e| Error::internal("the answer cannot be written").cause(e))
}

/// A backend in another plugin.
#[derive(Clone, Copy)]
pub struct RemoteBackend<'a>(pub ProviderHandle<'a>);

impl ServiceBackend for RemoteBackend<'_> {
    fn describe(&self) -> Result<Description, Error> {
        self.0.call("describe", &json!({}))
    }

    fn inspect(&self, request: &InspectRequest) -> Result<Probes, Error> {
        self.0.call("inspect", request)
    }

    fn detect(&self, request: &DetectRequest) -> Result<Detection, Error> {
        self.0.call("detect", request)
    }

    fn observe(&self, request: &ObserveRequest) -> Result<ServiceStatus, Error> {
        self.0.call("observe", request)
    }

    fn render(&self, request: &RenderRequest) -> Result<Plan, Error> {
        self.0.call("render", request)
    }

    fn preflight(&self, request: &RenderRequest) -> Result<Plan, Error> {
        self.0.call("preflight", request)
    }

    fn adopt(&self, request: &AdoptRequest) -> Result<Plan, Error> {
        self.0.call("adopt", request)
    }

    fn logs(&self, request: &LogsRequest) -> Result<LogSources, Error> {
        self.0.call("logs", request)
    }
}

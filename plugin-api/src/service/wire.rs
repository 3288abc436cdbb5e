//! Serialization of the interface's calls, for both sides.

use super::{
    AdoptRequest, Description, DetectRequest, Detection, INTERFACE, InspectRequest, LogSources,
    LogsRequest, ObserveRequest, Plan, Probes, RenderRequest, ServiceBackend, ServiceStatus,
};
use crate::sdk::plugin::unsupported_method;
use crate::{Class, Context, Error, Provider, ProviderHandle};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// A provider of `kt.service/1` that calls a backend.
#[derive(Debug, Clone, Copy, Default)]
pub struct ServiceProvider<B>(pub B);

impl<B: ServiceBackend> ServiceProvider<B> {
    /// Handles one call as [`Provider::call`] does, without a host.
    ///
    /// # Errors
    /// Class `plugin` with id `unsupported-method` for an unknown method,
    /// `invalid-request` for an invalid request; otherwise the error of the backend.
    pub fn dispatch(&self, method: &str, request: Value) -> Result<Value, Error> {
        match method {
            "describe" => to_json(self.0.describe()),
            "inspect" => to_json(self.0.inspect(&parse::<InspectRequest>(request)?)),
            "detect" => to_json(self.0.detect(&parse::<DetectRequest>(request)?)),
            "observe" => to_json(self.0.observe(&parse::<ObserveRequest>(request)?)),
            "render" => to_json(self.0.render(&parse::<RenderRequest>(request)?)),
            "preflight" => to_json(self.0.preflight(&parse::<RenderRequest>(request)?)),
            "adopt" => to_json(self.0.adopt(&parse::<AdoptRequest>(request)?)),
            "logs" => to_json(self.0.logs(&parse::<LogsRequest>(request)?)),
            other => Err(unsupported_method(INTERFACE, other)),
        }
    }
}

impl<B: ServiceBackend> Provider for ServiceProvider<B> {
    fn call(&self, method: &str, request: Value, _: &Context<'_>) -> Result<Value, Error> {
        self.dispatch(method, request)
    }
}

fn parse<T: DeserializeOwned>(request: Value) -> Result<T, Error> {
    serde_json::from_value(request).map_err(|e| {
        Error::new(Class::Plugin, "invalid-request", "cannot parse the request").cause(e)
    })
}

fn to_json<T: Serialize>(result: Result<T, Error>) -> Result<Value, Error> {
    serde_json::to_value(result?)
        .map_err(|e| Error::internal("cannot serialize the result").cause(e))
}

/// A backend that another plugin provides.
#[derive(Clone)]
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

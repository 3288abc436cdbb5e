//! Answers `kt plugin test`.

use super::answer::{Answer, Check, Request};
use super::kit::Kit;
use super::scenario;
use crate::machine::Machine;
use kt_plugin_api::service::{INTERFACE as SERVICE, RemoteBackend};
use kt_plugin_api::{Class, Context, Error, Provider};
use serde_json::Value;

/// The interface that testers of interfaces provide.
pub(crate) const INTERFACE: &str = "kt.plugin-test/1";

/// Tests providers of `kt.service/1`.
pub(crate) struct Tester;

impl Provider for Tester {
    fn call(&self, method: &str, request: Value, context: &Context<'_>) -> Result<Value, Error> {
        if method != "run" {
            let message = format!("`{INTERFACE}` has no method `{method}`");
            return Err(Error::new(Class::Plugin, "unsupported-method", message));
        }
        let request: Request = serde_json::from_value(request).map_err(|e| {
            Error::new(Class::Plugin, "bad-request", "the request cannot be read").cause(e)
        })?;
        let answer = test(&request, context)?;
        serde_json::to_value(answer)
            .map_err(|e| Error::internal("the answer cannot be written").cause(e))
    }
}

fn test(request: &Request, context: &Context<'_>) -> Result<Answer, Error> {
    let backend = RemoteBackend(context.open_provider(SERVICE, Some(&request.provider))?);
    let machine = Machine::new(context);
    let say = |text: &str| context.progress(text);
    let kit = Kit::new(&backend, &machine, request, &say)?;
    let checks = scenario::run(&kit)?;
    let modelled = request
        .pretend_os
        .as_ref()
        .map(|os| format!("not {os}: every result is modelled"));
    Ok(Answer { checks, modelled })
}

impl Check {
    pub(super) fn failed(&self) -> bool {
        self.result == "failed"
    }
}

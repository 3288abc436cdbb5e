//! The conformance scenario of `kt.service/1`: what `kt plugin test` runs
//! against a service backend, ours and anybody else's.
//!
//! Everything is real: the service manager, the gateway, its processes. A
//! service gets a name and directories of its own, and all of it is removed at
//! the end. The code that installs, starts and removes is that of the commands.

mod answer;
mod checks;
mod kit;
mod mortal;
mod scenario;
mod set_up;

use crate::machine::Machine;
use answer::{Answer, Check, Request};
use kit::Kit;
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
    let backend = RemoteBackend(context.open(SERVICE, Some(&request.provider))?);
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
    fn failed(&self) -> bool {
        self.result == "failed"
    }
}

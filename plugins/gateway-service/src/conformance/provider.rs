//! The provider that `kt plugin test` calls.

use super::scenario;
use super::test_context::TestContext;
use crate::system::LocalRunner;
use kt_plugin_api::plugin_test::{INTERFACE, TestReport, TestRequest};
use kt_plugin_api::service::{INTERFACE as SERVICE, RemoteBackend};
use kt_plugin_api::{Class, Context, Error, Provider};
use serde_json::Value;

/// Tests providers of `kt.service/1`.
pub(crate) struct ConformanceProvider;

impl Provider for ConformanceProvider {
    fn call(&self, method: &str, request: Value, context: &Context<'_>) -> Result<Value, Error> {
        if method != "run" {
            let message = format!("`{INTERFACE}` has no method `{method}`");
            return Err(Error::new(Class::Plugin, "unsupported-method", message));
        }
        let request: TestRequest = serde_json::from_value(request).map_err(|e| {
            Error::new(Class::Plugin, "invalid-request", "cannot parse the request").cause(e)
        })?;
        let report = run(&request, context)?;
        serde_json::to_value(report)
            .map_err(|e| Error::internal("cannot serialize the report").cause(e))
    }
}

fn run(request: &TestRequest, context: &Context<'_>) -> Result<TestReport, Error> {
    let backend = RemoteBackend(context.open_provider(SERVICE, Some(&request.provider))?);
    let runner = LocalRunner::new(context);
    let progress = |text: &str| context.progress(text);
    let test = TestContext::new(&backend, &runner, request, &progress)?;
    let checks = scenario::run(&test)?;
    let simulated = request
        .pretend_os
        .as_ref()
        .map(|os| format!("not {os}: every result is simulated"));
    Ok(TestReport { checks, simulated })
}

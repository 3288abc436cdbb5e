//! The provider that `kt plugin test` calls.

use super::scenario;
use super::test_context::TestContext;
use crate::system::LocalRunner;
use kt_plugin_api::plugin_test::{TestProvider, TestReport, TestRequest};
use kt_plugin_api::service::{INTERFACE as SERVICE, RemoteBackend};
use kt_plugin_api::{Context, Error};

/// Tests providers of `kt.service/1`.
pub(crate) static PROVIDER: TestProvider = TestProvider(run);

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

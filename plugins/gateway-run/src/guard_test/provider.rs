//! The provider that `kt plugin test` calls.

use super::cases;
use super::client::GuardClient;
use super::scenario;
use kt_plugin_api::plugin_test::{TestProvider, TestReport, TestRequest};
use kt_plugin_api::{Context, Error};

/// Tests providers of `kt.policy/1`.
pub(crate) static PROVIDER: TestProvider = TestProvider(run);

fn run(request: &TestRequest, context: &Context<'_>) -> Result<TestReport, Error> {
    let cases = cases::parse(request)?;
    let client = GuardClient::new(context, &request.provider);
    let checks = scenario::run(&client, &cases)?;
    Ok(TestReport {
        checks,
        simulated: None,
    })
}

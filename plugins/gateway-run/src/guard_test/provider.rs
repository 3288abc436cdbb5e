//! The provider that `kt plugin test` calls.

use super::cases;
use super::client::GuardClient;
use super::scenario;
use kt_plugin_api::plugin_test::{INTERFACE, TestReport, TestRequest};
use kt_plugin_api::{Class, Context, Error, Provider};
use serde_json::Value;

/// Tests providers of `kt.policy/1`.
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
        let cases = cases::parse(&request)?;
        let client = GuardClient::new(context, &request.provider);
        let checks = scenario::run(&client, &cases)?;
        let report = TestReport {
            checks,
            simulated: None,
        };
        serde_json::to_value(report)
            .map_err(|e| Error::internal("cannot serialize the report").cause(e))
    }
}

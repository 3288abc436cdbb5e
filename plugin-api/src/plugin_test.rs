//! The typed form of `kt.plugin-test/1`: the conformance tests of an interface.
//!
//! A provider is named as the interface that it tests. Its method `run` takes a
//! [`TestRequest`] and returns a [`TestReport`].

use crate::sdk::plugin::unsupported_method;
use crate::{Class, Context, Error, Invocation, Provider};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Id of the interface.
pub const INTERFACE: &str = "kt.plugin-test/1";

/// The request of `run`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct TestRequest {
    /// The name of the provider to test.
    pub provider: String,
    /// The directories, the running kt, and the plugin directories.
    pub invocation: Invocation,
    /// The operating system of a modelled service manager.
    pub pretend_os: Option<String>,
    /// The cases of the plugin's author: the tables of `plugin-test.toml` that have the id of
    /// the interface as their name.
    pub cases: Vec<Value>,
}

/// The result of `run`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct TestReport {
    /// The tests, in the order in which they ran.
    pub checks: Vec<TestCase>,
    /// What was replaced by a model, such as an operating system; the results then
    /// prove nothing about the original.
    pub simulated: Option<String>,
}

/// A test and its result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
pub struct TestCase {
    /// Stable name, such as `crash`.
    pub id: String,
    /// What is tested.
    pub about: String,
    /// The result.
    pub result: TestResult,
    /// The reason of a failed or skipped test, in one line.
    #[serde(default)]
    pub detail: String,
    /// The details of a failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<TestFailure>,
}

/// The result of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "kebab-case")]
pub enum TestResult {
    /// It passed.
    Passed,
    /// It failed.
    Failed,
    /// It does not apply, or depends on a test that failed.
    Skipped,
}

/// Where a test failed, and how.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(default)]
pub struct TestFailure {
    /// The step of the test that failed.
    pub step: String,
    /// What must be the case after the step.
    pub expected: String,
    /// What is the case.
    pub found: String,
    /// What is the case after the failure, for its analysis.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub state: Vec<String>,
    /// The last commands that were run, and how they ended; the latest is the last.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub commands: Vec<String>,
}

impl TestCase {
    /// Creates a test that passed.
    pub fn passed(id: impl Into<String>, about: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            about: about.into(),
            result: TestResult::Passed,
            detail: String::new(),
            failure: None,
        }
    }

    /// Creates a test that was skipped for a reason.
    pub fn skipped(
        id: impl Into<String>,
        about: impl Into<String>,
        reason: impl Into<String>,
    ) -> Self {
        Self {
            result: TestResult::Skipped,
            detail: reason.into(),
            ..Self::passed(id, about)
        }
    }

    /// Creates a test that failed.
    pub fn failed(id: impl Into<String>, about: impl Into<String>, failure: TestFailure) -> Self {
        Self {
            result: TestResult::Failed,
            detail: failure.to_string(),
            failure: Some(failure),
            ..Self::passed(id, about)
        }
    }
}

impl TestFailure {
    /// Creates a failure of `step`.
    pub fn new(
        step: impl Into<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
    ) -> Self {
        Self {
            step: step.into(),
            expected: expected.into(),
            found: found.into(),
            state: Vec::new(),
            commands: Vec::new(),
        }
    }
}

impl std::fmt::Display for TestFailure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self {
            step,
            expected,
            found,
            ..
        } = self;
        write!(f, "{step}: expected {expected}; found {found}")
    }
}

/// A provider of `kt.plugin-test/1`, with the function that runs the tests.
pub struct TestProvider(pub fn(&TestRequest, &Context<'_>) -> Result<TestReport, Error>);

impl Provider for TestProvider {
    fn call(&self, method: &str, request: Value, context: &Context<'_>) -> Result<Value, Error> {
        if method != "run" {
            return Err(unsupported_method(INTERFACE, method));
        }
        let request: TestRequest = serde_json::from_value(request).map_err(|e| {
            Error::new(Class::Plugin, "invalid-request", "cannot parse the request").cause(e)
        })?;
        let report = (self.0)(&request, context)?;
        serde_json::to_value(report)
            .map_err(|e| Error::internal("cannot serialize the report").cause(e))
    }
}

//! Calls of the guard.

use super::samples::CANARY;
use kt_plugin_api::plugin_test::TestFailure;
use kt_plugin_api::policy::{INTERFACE, JudgeResult};
use kt_plugin_api::{Class, Context, Error};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::time::Duration;

/// The result of a check, or of a step of one.
pub(super) type Checked<T = ()> = Result<T, TestFailure>;

/// The deadline of a call about short texts.
pub(super) const SHORT: Duration = Duration::from_secs(10);
/// The deadline of a call about a long text, or many texts.
pub(super) const LONG: Duration = Duration::from_secs(30);

/// The guard under test.
pub(super) struct GuardClient<'a> {
    context: &'a Context<'a>,
    name: &'a str,
}

impl<'a> GuardClient<'a> {
    pub(super) fn new(context: &'a Context<'a>, name: &'a str) -> Self {
        Self { context, name }
    }

    /// Reports the check that begins.
    pub(super) fn progress(&self, text: &str) {
        self.context.progress(text);
    }

    /// Returns whether the tests are to be ended.
    ///
    /// # Errors
    /// Class `interrupted` or `terminated`, if they are.
    pub(super) fn check_cancelled(&self) -> Result<(), Error> {
        self.context.check_cancelled()
    }

    /// Calls a method.
    ///
    /// # Errors
    /// That of the guard, or of the host if the guard does not answer.
    pub(super) fn call<T: DeserializeOwned>(
        &self,
        method: &str,
        request: &Value,
        timeout: Duration,
    ) -> Result<T, Error> {
        let context = self.context.with_timeout(timeout);
        // A process that has ended is started again.
        let provider = context.open_provider(INTERFACE, Some(self.name))?;
        provider.call(method, request)
    }

    /// Calls `judge` of an open guard with a deadline that passes meanwhile.
    ///
    /// # Errors
    /// That of the guard, or of the host if the guard does not return.
    pub(super) fn call_late(&self, request: &Value, timeout: Duration) -> Result<(), Error> {
        let provider = self.context.open_provider(INTERFACE, Some(self.name))?;
        let late = self.context.with_timeout(timeout);
        let answer = provider.with_context(&late).call::<Value>("judge", request);
        answer.map(drop)
    }

    /// Calls `judge`, which may refuse the request with an error that tells the operator what to
    /// do: `Ok(Err(…))`.
    pub(super) fn judge(
        &self,
        step: &str,
        request: &Value,
        timeout: Duration,
    ) -> Checked<Result<JudgeResult, Error>> {
        match self.call("judge", request, timeout) {
            Ok(answer) => Ok(Ok(answer)),
            Err(error) => {
                check_error(step, &error)?;
                Ok(Err(error))
            }
        }
    }
}

/// Returns an error with its causes, in one line.
pub(super) fn described(error: &Error) -> String {
    let causes = error.causes.iter().map(|cause| format!(": {cause}"));
    let causes: String = causes.collect();
    format!(
        "the error `{}` of class `{}`: {}{causes}",
        error.id,
        error.class.name(),
        error.message
    )
}

/// Checks that an error tells the operator what to do, and quotes no text.
fn check_error(step: &str, error: &Error) -> Checked {
    let text = described(error);
    if text.contains(CANARY) || error.hints.iter().any(|hint| hint.contains(CANARY)) {
        let expected = "no part of a text in an error: it becomes part of logs";
        return Err(TestFailure::new(step, expected, text));
    }
    match error.class {
        Class::Ok | Class::Plugin | Class::Internal => {
            let expected = "verdicts, or an error whose class tells the operator what to do, \
                such as `settings`";
            Err(TestFailure::new(step, expected, text))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::{CANARY, check_error};
    use kt_plugin_api::{Class, Error};

    #[test]
    fn errors_name_no_text_and_have_a_class_for_the_operator() {
        let error = |class, message: &str| Error::new(class, "no-prefix", message);
        assert!(check_error("s", &error(Class::Settings, "no prefix")).is_ok());
        assert!(check_error("s", &error(Class::Unavailable, "no model")).is_ok());
        let failure = check_error("s", &error(Class::Plugin, "KeyError")).unwrap_err();
        assert!(failure.found.contains("`plugin`: KeyError"), "{failure}");
        let quoting = error(Class::Settings, "not found").hint(format!("in {CANARY}"));
        let failure = check_error("s", &quoting).unwrap_err();
        assert!(failure.expected.contains("no part of a text"), "{failure}");
    }
}

//! Errors of failed plans, and the result of their rollback.

use kt_plugin_api::Error;
use kt_plugin_api::service::StepAction;
use kt_plugin_api::service::execute::PlanError;

/// Formats a failed step on one line: the command, and how it ended.
pub(crate) fn describe_failure(failure: &PlanError) -> String {
    match &failure.step.action {
        StepAction::Run(run) => format!("`{}` {}", run.argv.join(" "), failure.error),
        StepAction::Write(_) | StepAction::Remove(_) => failure.error.to_string(),
    }
}

/// Returns whether the rollback that `error` reports was incomplete.
pub(crate) fn is_rollback_incomplete(error: &Error) -> bool {
    error.data.contains_key("not_reverted")
}

/// Adds the result of the rollback to an error; `not_reverted` describes the steps
/// that could not be reverted.
pub(crate) fn with_rollback_result(error: Error, not_reverted: &[String]) -> Error {
    if not_reverted.is_empty() {
        return error.hint("all changes were rolled back");
    }
    not_reverted
        .iter()
        .fold(
            error.data("not_reverted", not_reverted.len()),
            |error, step| error.cause(format!("could not be rolled back: {step}")),
        )
        .hint("`kt gateway status` shows what is left, `kt gateway uninstall` removes it")
}

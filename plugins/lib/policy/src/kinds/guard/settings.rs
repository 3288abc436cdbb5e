//! The settings.

use crate::chain::{Build, FailMode, Guard, GuardAction};
use crate::decode::Millis;
use crate::problem::code;
use crate::settings::{Weaker, choice, settings, text};

settings! {
    /// `response` of a guard.
    pub(crate) GuardResponse {
        /// What happens to what is found: `redact` replaces spans and blocks on a verdict `block`,
        /// `block` blocks on both, `log` only records.
        action: GuardAction = choice().default(ACTION).weaker(Weaker::Action);
        /// The message to the caller of a blocked request.
        message: String = text(1..=500);
    }
}

/// The default of `response.action`.
pub(crate) const ACTION: GuardAction = GuardAction::Redact;
/// The default of `timeout`.
pub(crate) const TIMEOUT: Millis = Millis::from_seconds(2);
/// The default of `fail_mode`.
pub(crate) const FAIL_MODE: FailMode = FailMode::Closed;
/// The default of `requests`.
pub(crate) const REQUESTS: bool = true;
/// The default of `responses`.
pub(crate) const RESPONSES: bool = true;
/// The default of `parallel`.
pub(crate) const PARALLEL: bool = false;
/// The default of `window`, in characters.
pub(crate) const WINDOW: u64 = 500;

/// Reports settings that contradict each other.
pub(crate) fn check_parallel(guard: &Guard, build: &mut Build<'_>) {
    let path = |key: &str| format!("policy.{}.{key}", guard.policy);
    if !guard.requests && !guard.responses {
        let message = format!("`{}` judges neither requests nor responses", guard.policy);
        build
            .problem(code::INVALID_VALUE, &path("responses"), message)
            .help =
            Some("set `requests` or `responses` to true, or remove it from the chain".to_owned());
    }
    if !guard.parallel {
        return;
    }
    if !guard.requests {
        let message = format!("`{}` has no effect without requests", path("parallel"));
        build
            .problem(code::INVALID_VALUE, &path("parallel"), message)
            .help = Some("set `requests: true`, or remove `parallel`".to_owned());
    }
    if guard.action == GuardAction::Redact {
        let message = format!(
            "`{}` needs `response.action: block` or `log`: what has been sent cannot be redacted",
            path("parallel")
        );
        build
            .problem(code::INVALID_VALUE, &path("parallel"), message)
            .help = Some("set `response.action: block`, or remove `parallel`".to_owned());
    }
}

//! The settings.

use crate::chain::{Build, FailMode, Guard, GuardAction, GuardService};
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
const ACTION: GuardAction = GuardAction::Redact;
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

/// The settings that all these kinds have.
pub(crate) struct GuardSettings<'s> {
    pub(crate) requests: Option<bool>,
    pub(crate) responses: Option<bool>,
    pub(crate) timeout: Option<Millis>,
    pub(crate) fail_mode: Option<FailMode>,
    pub(crate) parallel: Option<bool>,
    pub(crate) window: Option<u64>,
    pub(crate) response: Option<&'s GuardResponse>,
}

impl GuardSettings<'_> {
    /// Adds the guard that a service provides; reports settings that contradict each other.
    pub(crate) fn add(self, service: GuardService, build: &mut Build<'_>) {
        let source = build.source();
        let guard = Guard {
            policy: source.policy,
            reason: source.reason,
            service,
            timeout: self.timeout.unwrap_or(TIMEOUT).into(),
            fail_mode: self.fail_mode.unwrap_or(FAIL_MODE),
            action: self.response.and_then(|r| r.action).unwrap_or(ACTION),
            message: self
                .response
                .and_then(|r| r.message.clone())
                .unwrap_or_else(|| format!("refused by the policy {}", source.policy)),
            requests: self.requests.unwrap_or(REQUESTS),
            responses: self.responses.unwrap_or(RESPONSES),
            parallel: self.parallel.unwrap_or(PARALLEL),
            window: usize::try_from(self.window.unwrap_or(WINDOW)).unwrap_or(usize::MAX),
        };
        check(&guard, build);
        build.guard(guard);
    }
}

/// Reports settings that contradict each other.
fn check(guard: &Guard, build: &mut Build<'_>) {
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

//! The policy.

use super::settings::PluginGuard;
use crate::chain::{Build, Guard, GuardService, Policy};
use crate::kinds::guard::{
    ACTION, FAIL_MODE, PARALLEL, REQUESTS, RESPONSES, TIMEOUT, WINDOW, check_parallel,
};
use crate::model::PolicyKind;

impl Policy for PluginGuard {
    const KIND: PolicyKind = PolicyKind::new("plugin");
    const REASON: Option<&'static str> = Some("plugin.blocked");
    const NAMED: bool = true;

    fn compile(&self, build: &mut Build<'_>) {
        let source = build.source();
        let name = source.policy.as_str().split_once(':');
        let response = self.response.as_ref();
        let guard = Guard {
            policy: source.policy,
            reason: source.reason,
            service: GuardService::Plugin {
                name: name.map_or("", |(_, name)| name).to_owned(),
                settings: self.settings.clone().unwrap_or_default(),
            },
            timeout: self.timeout.unwrap_or(TIMEOUT).into(),
            fail_mode: self.fail_mode.unwrap_or(FAIL_MODE),
            action: response.and_then(|r| r.action).unwrap_or(ACTION),
            message: response
                .and_then(|r| r.message.clone())
                .unwrap_or_else(|| format!("refused by the policy {}", source.policy)),
            requests: self.requests.unwrap_or(REQUESTS),
            responses: self.responses.unwrap_or(RESPONSES),
            parallel: self.parallel.unwrap_or(PARALLEL),
            window: usize::try_from(self.window.unwrap_or(WINDOW)).unwrap_or(usize::MAX),
        };
        check_parallel(&guard, build);
        build.guard(guard);
    }
}

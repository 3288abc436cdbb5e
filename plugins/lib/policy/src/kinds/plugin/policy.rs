//! The policy.

use super::settings::PluginGuard;
use crate::chain::{Build, GuardService, Policy};
use crate::kinds::guard::GuardSettings;
use crate::model::PolicyKind;

impl Policy for PluginGuard {
    const KIND: PolicyKind = PolicyKind::new("plugin");
    const REASON: Option<&'static str> = Some("plugin.blocked");
    const NAMED: bool = true;

    fn compile(&self, build: &mut Build<'_>) {
        let source = build.source();
        let name = source.policy.as_str().split_once(':');
        let service = GuardService::Plugin {
            name: name.map_or("", |(_, name)| name).to_owned(),
            settings: self.settings.clone().unwrap_or_default(),
        };
        let settings = GuardSettings {
            requests: self.requests,
            responses: self.responses,
            timeout: self.timeout,
            fail_mode: self.fail_mode,
            parallel: self.parallel,
            window: self.window,
            response: self.response.as_ref(),
        };
        settings.add(service, build);
    }
}

//! The plugin `gateway-config`: creates, validates, tests, compares, publishes, reverts and
//! reconciles configurations, and prints, exports and verifies the audit log.

mod args;
mod audit;
mod completion;
mod diff;
mod edit;
mod fleet;
mod init;
mod policy;
mod preview;
mod reconcile;
mod reload;
mod revert;
mod rollout;

use kt_plugin_api::{
    Class, Command, CompletionRequest, Context, Error, Host, Invocation, Output, Plugin,
};

struct GatewayConfig;

impl Plugin for GatewayConfig {
    fn init(_: Host) -> Result<Self, Error> {
        Ok(Self)
    }

    fn command(&self) -> Option<&dyn Command> {
        Some(self)
    }
}

impl Command for GatewayConfig {
    fn run(&self, invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
        let path: Vec<&str> = invocation.path.iter().map(String::as_str).collect();
        match path.as_slice() {
            ["gateway", "diff"] => diff::run(invocation, context),
            ["gateway", "edit"] => edit::run(invocation, context),
            ["gateway", "reload"] => reload::run(invocation, context),
            ["gateway", "revert"] => revert::run(invocation, context),
            ["gateway", "reconcile"] => reconcile::run(invocation, context),
            ["audit", "export"] => audit::export(invocation, context),
            ["audit", "list"] => audit::list(invocation, context),
            ["audit", "verify"] => audit::verify(invocation, context),
            ["init"] => init::run(invocation),
            ["policy", "lint"] => policy::lint(invocation, context),
            ["policy", "schema"] => Ok(policy::schema()),
            ["policy", "test"] => policy::test(invocation, context),
            _ => Err(Error::new(
                Class::Plugin,
                "unknown-command",
                "no such command in this plugin",
            )),
        }
    }

    fn complete(
        &self,
        request: &CompletionRequest,
        context: &Context<'_>,
    ) -> Result<Vec<String>, Error> {
        completion::run(request, context)
    }
}

kt_plugin_api::export_plugin!(GatewayConfig, "../plugin.toml");

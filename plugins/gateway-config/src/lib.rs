//! The plugin `gateway-config`: compares, publishes, reverts and reconciles
//! configurations.

mod diff;
mod reconcile;
mod reload;
mod revert;
mod rollout;

use kt_plugin_api::{Class, Command, Context, Error, Host, Invocation, Output, Plugin};

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
        match invocation.path.last().map(String::as_str) {
            Some("diff") => diff::run(invocation, context),
            Some("reload") => reload::run(invocation, context),
            Some("revert") => revert::run(invocation, context),
            Some("reconcile") => reconcile::run(invocation, context),
            _ => Err(Error::new(
                Class::Plugin,
                "unknown-command",
                "no such command in this plugin",
            )),
        }
    }
}

kt_plugin_api::export_plugin!(GatewayConfig, "../plugin.toml");

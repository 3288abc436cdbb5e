//! The plugin `gateway-service`: gateways as services of the operating system.
//!
//! A backend of `kt.service/1` says what to write, run and look at; this
//! plugin does it, once for every backend: plan, lock, record, transaction,
//! rollback, and the join of everything that is known into one status. Nothing
//! but this plugin runs programs, and it does so with `std::process` only.

mod binary;
mod command;
mod conformance;
mod control;
mod desk;
mod environment;
mod failure;
#[cfg(test)]
mod fake;
mod files;
mod install;
mod logs;
mod machine;
mod preview;
mod ready;
mod record;
mod run;
mod sandbox;
mod secrets;
mod spec;
mod status;
mod uninstall;
mod world;

use kt_plugin_api::{
    Class, Command, CompletionRequest, Context, Error, Host, Invocation, Output, Plugin, Provider,
};

struct GatewayService;

impl Plugin for GatewayService {
    fn init(_: Host) -> Result<Self, Error> {
        Ok(Self)
    }

    fn command(&self) -> Option<&dyn Command> {
        Some(self)
    }

    fn provider(&self, interface: &str) -> Option<&dyn Provider> {
        (interface == conformance::INTERFACE).then_some(&conformance::Tester)
    }
}

impl Command for GatewayService {
    fn run(&self, invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
        let path: Vec<&str> = invocation.path.iter().map(String::as_str).collect();
        match path.as_slice() {
            ["gateway", "install"] => command::install(invocation, context),
            ["gateway", "uninstall"] => command::uninstall(invocation, context),
            ["gateway", "start"] => command::start(invocation, context),
            ["gateway", "stop"] => command::stop(invocation, context),
            ["gateway", "restart"] => command::restart(invocation, context),
            ["gateway", "status"] => command::status(invocation, context),
            ["gateway", "logs"] => command::logs(invocation, context),
            _ => Err(Error::new(
                Class::Plugin,
                "unknown-command",
                "no such command in this plugin",
            )),
        }
    }

    /// Names of gateways need the control plane, which completion must not use.
    fn complete(&self, _: &CompletionRequest, _: &Context<'_>) -> Vec<String> {
        Vec::new()
    }
}

kt_plugin_api::export_plugin!(GatewayService, "../plugin.toml");

//! The plugin `gateway-service`: installs gateways as services of the operating
//! system and manages them.
//!
//! A backend of `kt.service/1` describes the files to write, the commands to run
//! and the probes to evaluate. This plugin executes them, in the same way for every
//! backend: planning, locking, the service record, the transaction with its
//! rollback, and the aggregation of all observations into one status. No other
//! plugin runs programs, and this one uses `std::process` only.
//!
//! The modules, each of which uses only those above it:
//!
//! - `args`: the arguments of the commands, from the manifest;
//! - `record`: what kt installed, and the lock on it;
//! - `system`: the local system: programs, files, processes, the gateway's
//!   administration socket;
//! - `context`: a backend together with the system that it acts on;
//! - `spec`, `logs`, `status`: the definition of a service, its log, its
//!   state;
//! - `operation`: install, uninstall, start, stop and restart;
//! - `command`: the commands; `doctor`: checks of services and running gateways;
//!   `conformance`: the tests of a backend.

mod args;
mod command;
mod conformance;
mod context;
mod doctor;
mod logs;
mod operation;
mod record;
mod spec;
mod status;
mod system;

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

    fn provider(&self, interface: &str, _name: &str) -> Option<&dyn Provider> {
        match interface {
            conformance::INTERFACE => Some(&conformance::PROVIDER),
            kt_plugin_api::doctor::INTERFACE => Some(&doctor::Doctor),
            _ => None,
        }
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

    fn complete(
        &self,
        request: &CompletionRequest,
        context: &Context<'_>,
    ) -> Result<Vec<String>, Error> {
        command::complete(request, context)
    }
}

kt_plugin_api::export_plugin!(GatewayService, "../plugin.toml");

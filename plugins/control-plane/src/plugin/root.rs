//! The entry point of the plugin.

use kt_control_api::CompletedObject;
use kt_plugin_api::{
    Class, Command, CompletionRequest, Context, Error, Host, Invocation, Output, Plugin, Provider,
    export_plugin,
};

use super::provider::EmbeddedProvider;
use super::{maintenance, serve_command};

impl Command for ControlPlanePlugin {
    fn run(&self, invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
        let path: Vec<&str> = invocation.path.iter().map(String::as_str).collect();
        match path.as_slice() {
            ["control-plane", "serve"] => serve_command::run(invocation, context),
            ["control-plane", "backup"] => maintenance::backup(invocation, context),
            ["control-plane", "restore"] => maintenance::restore(invocation, context),
            ["control-plane", "export"] => maintenance::export(invocation, context),
            ["control-plane", "import"] => maintenance::import(invocation, context),
            ["control-plane", "fsck"] => maintenance::fsck(invocation, context),
            _ => Err(Error::new(
                Class::Plugin,
                "unknown-command",
                "the plugin has no such command",
            )),
        }
    }

    fn complete(
        &self,
        request: &CompletionRequest,
        context: &Context<'_>,
    ) -> Result<Vec<String>, Error> {
        match request.arg.as_str() {
            "gateway" => kt_control_api::complete(CompletedObject::Gateway, request, context),
            _ => Ok(Vec::new()),
        }
    }
}

export_plugin!(ControlPlanePlugin, "../../plugin.toml");

/// The plugin. Has no state: every request opens the store.
struct ControlPlanePlugin;

impl Plugin for ControlPlanePlugin {
    fn init(_host: Host) -> Result<Self, Error> {
        Ok(Self)
    }

    fn command(&self) -> Option<&dyn Command> {
        Some(self)
    }

    fn provider(&self, interface: &str, _name: &str) -> Option<&dyn Provider> {
        (interface == kt_control_api::INTERFACE).then_some(&EmbeddedProvider)
    }
}

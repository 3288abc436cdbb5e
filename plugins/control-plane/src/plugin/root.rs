//! The root of the plugin.

use kt_plugin_api::{
    Class, Command, Context, Error, Host, Invocation, Output, Plugin, Provider, export_plugin,
};

use super::provider::EmbeddedProvider;
use super::{serve_command, upkeep};

impl Command for ControlPlanePlugin {
    fn run(&self, invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
        let path: Vec<&str> = invocation.path.iter().map(String::as_str).collect();
        match path.as_slice() {
            ["control-plane", "serve"] => serve_command::run(invocation, context),
            ["control-plane", "backup"] => upkeep::backup(invocation, context),
            ["control-plane", "restore"] => upkeep::restore(invocation, context),
            ["control-plane", "export"] => upkeep::export(invocation, context),
            ["control-plane", "import"] => upkeep::import(invocation, context),
            ["control-plane", "fsck"] => upkeep::fsck(invocation, context),
            _ => Err(Error::new(
                Class::Plugin,
                "unknown-command",
                "no such command in this plugin",
            )),
        }
    }
}

export_plugin!(ControlPlanePlugin, "../../plugin.toml");

/// The plugin. Holds nothing: the store is opened by the request that needs it.
struct ControlPlanePlugin;

impl Plugin for ControlPlanePlugin {
    fn init(_host: Host) -> Result<Self, Error> {
        Ok(Self)
    }

    fn command(&self) -> Option<&dyn Command> {
        Some(self)
    }

    fn provider(&self, interface: &str) -> Option<&dyn Provider> {
        (interface == kt_control_api::INTERFACE).then_some(&EmbeddedProvider)
    }
}

//! The root of the plugin.

use kt_plugin_api::{Command, Error, Host, Plugin, Provider, export_plugin};

use super::provider::EmbeddedProvider;
use super::serve_command::ServeCommand;

export_plugin!(ControlPlanePlugin, "../../plugin.toml");

/// The plugin. Holds nothing: the store is opened by the request that needs it.
struct ControlPlanePlugin;

impl Plugin for ControlPlanePlugin {
    fn init(_host: Host) -> Result<Self, Error> {
        Ok(Self)
    }

    fn command(&self) -> Option<&dyn Command> {
        Some(&ServeCommand)
    }

    fn provider(&self, interface: &str) -> Option<&dyn Provider> {
        (interface == kt_control_api::INTERFACE).then_some(&EmbeddedProvider)
    }
}

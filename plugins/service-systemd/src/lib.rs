//! The plugin `service-systemd`: services of the systemd user manager.
//!
//! It only translates: it renders units, returns probes and steps, and evaluates
//! results. The caller runs them.

mod adopt;
mod backend;
mod detect;
mod logs;
mod manager;
mod observe;
mod preflight;
mod quote;
mod steps;
mod unit;

use kt_plugin_api::service::{INTERFACE, ServiceProvider};
use kt_plugin_api::{Error, Host, Plugin, Provider};

struct ServiceSystemd {
    provider: ServiceProvider<backend::Systemd>,
}

impl Plugin for ServiceSystemd {
    fn init(_: Host) -> Result<Self, Error> {
        Ok(Self {
            provider: ServiceProvider(backend::Systemd),
        })
    }

    fn provider(&self, interface: &str, _name: &str) -> Option<&dyn Provider> {
        (interface == INTERFACE).then_some(&self.provider)
    }
}

kt_plugin_api::export_plugin!(ServiceSystemd, "../plugin.toml");

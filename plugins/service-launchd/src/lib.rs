//! The plugin `service-launchd`: services as per-user agents of launchd.
//!
//! It only translates, so it loads on every Unix and renders for macOS on all of
//! them. It has not been tested on a Mac: its tests use a model of launchd.

mod backend;
mod calls;
mod detect;
mod domain;
#[cfg(test)]
mod modelled;
mod observe;
mod property_list;
mod steps;

use kt_plugin_api::service::{INTERFACE, ServiceProvider};
use kt_plugin_api::{Error, Host, Plugin, Provider};

struct ServiceLaunchd {
    provider: ServiceProvider<backend::Launchd>,
}

impl Plugin for ServiceLaunchd {
    fn init(_: Host) -> Result<Self, Error> {
        Ok(Self {
            provider: ServiceProvider(backend::Launchd),
        })
    }

    fn provider(&self, interface: &str, _name: &str) -> Option<&dyn Provider> {
        (interface == INTERFACE).then_some(&self.provider)
    }
}

kt_plugin_api::export_plugin!(ServiceLaunchd, "../plugin.toml");

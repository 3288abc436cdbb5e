//! The plugin `service-launchd`: services as per-user agents of launchd.
//!
//! It translates and does nothing else, so it loads on every Unix and renders
//! for macOS anywhere. It has not been run on a Mac: its tests drive a model of
//! `launchctl`, and every result of the model is a modelled one.

mod agent;
mod backend;
mod detect;
mod domain;
mod job;
#[cfg(test)]
mod model;
mod observe;
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

    fn provider(&self, interface: &str) -> Option<&dyn Provider> {
        (interface == INTERFACE).then_some(&self.provider)
    }
}

kt_plugin_api::export_plugin!(ServiceLaunchd, "../plugin.toml");

//! The plugin `service-s6`: services of a person's own `s6-svscan`.
//!
//! An example of a backend that is no part of kt. It translates and does
//! nothing else: scripts are rendered, probes and steps are named, results are
//! read. Whoever calls it runs them.

mod backend;
mod deaths;
mod detect;
#[cfg(test)]
mod folder;
mod link;
mod observe;
mod place;
mod programs;
mod quote;
#[cfg(test)]
mod real;
#[cfg(test)]
mod sample;
mod script;
mod steps;

use kt_plugin_api::service::{INTERFACE, ServiceProvider};
use kt_plugin_api::{Error, Host, Plugin, Provider};

struct ServiceS6 {
    provider: ServiceProvider<backend::S6>,
}

impl Plugin for ServiceS6 {
    fn init(_: Host) -> Result<Self, Error> {
        Ok(Self {
            provider: ServiceProvider(backend::S6),
        })
    }

    fn provider(&self, interface: &str) -> Option<&dyn Provider> {
        (interface == INTERFACE).then_some(&self.provider)
    }
}

kt_plugin_api::export_plugin!(ServiceS6, "../plugin.toml");

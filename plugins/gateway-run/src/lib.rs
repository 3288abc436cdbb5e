//! The plugin `gateway-run`: an OpenAI-compatible reverse proxy that enforces a
//! policy chain on every request and response.
//!
//! - `run` is the command: it puts the parts together and drains them.
//! - `control` follows the control plane, and keeps what was applied on disk.
//! - `snapshot` is a configuration, compiled; immutable once built.
//! - `worker` is one thread per core, each with its own runtime and listener.
//! - `proxy` handles requests, `upstream` reaches providers.
//! - `admin` answers health, metrics and administration on a thread of its own.
//! - `audit` writes the record of each decision, off the request path.

mod admin;
mod audit;
mod control;
mod metrics;
mod proxy;
mod run;
mod snapshot;
mod upstream;
mod worker;

use kt_plugin_api::{Command, Context, Error, Host, Invocation, Output, Plugin};

struct GatewayRun;

impl Plugin for GatewayRun {
    fn init(_: Host) -> Result<Self, Error> {
        Ok(Self)
    }

    fn command(&self) -> Option<&dyn Command> {
        Some(self)
    }
}

impl Command for GatewayRun {
    fn run(&self, invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
        run::run(invocation, context)
    }
}

kt_plugin_api::export_plugin!(GatewayRun, "../plugin.toml");

//! The plugin `gateway-run`: an OpenAI-compatible reverse proxy that enforces a
//! policy chain on every request and response.
//!
//! - `args` has the arguments of the command, from the manifest.
//! - `run` is the command: it starts the parts, and drains them at the end.
//! - `control` reconciles the active configuration with the control plane.
//! - `snapshot` compiles a configuration; a snapshot is immutable.
//! - `listener` binds sockets, `worker` runs one thread per core on them.
//! - `plugin_calls` calls plugins that are guards, and `guard` asks every guard.
//! - `guard_test` has the tests of such a plugin.
//! - `proxy` serves requests, `upstream` sends them to providers.
//! - `halt` keeps whether the gateway refuses every request.
//! - `admin` serves health, metrics and administration on a thread of its own.
//! - `audit` writes the audit log, off the request path, and reads it.
//! - `events` are the commands that show it.
//! - `request_log` shows a line per request while the gateway runs.

mod admin;
mod args;
mod audit;
mod body_buffer;
mod control;
mod events;
mod guard;
mod guard_test;
mod halt;
mod health;
mod listener;
mod loopback;
mod metrics;
mod plugin_calls;
mod proxy;
mod request_id;
mod request_log;
mod response;
mod run;
mod snapshot;
mod state;
mod supervisor;
mod time_limit;
mod upstream;
mod worker;

use kt_control_api::CompletedObject;
use kt_plugin_api::{
    Command, CompletionRequest, Context, Error, Host, Invocation, Output, Plugin, Provider,
};

struct GatewayRun;

impl Plugin for GatewayRun {
    fn init(_: Host) -> Result<Self, Error> {
        Ok(Self)
    }

    fn command(&self) -> Option<&dyn Command> {
        Some(self)
    }

    fn provider(&self, interface: &str, _name: &str) -> Option<&dyn Provider> {
        (interface == guard_test::INTERFACE).then_some(&guard_test::PROVIDER as _)
    }
}

impl Command for GatewayRun {
    fn run(&self, invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
        let path: Vec<&str> = invocation.path.iter().map(String::as_str).collect();
        match path.as_slice() {
            ["events", "list"] => events::list(invocation, context),
            ["events", "show"] => events::show(invocation, context),
            ["events", "tail"] => events::tail(invocation, context),
            _ => run::run(invocation, context),
        }
    }

    fn complete(
        &self,
        request: &CompletionRequest,
        context: &Context<'_>,
    ) -> Result<Vec<String>, Error> {
        match request.arg.as_str() {
            "id" => kt_control_api::complete(CompletedObject::Gateway, request, context),
            _ => Ok(Vec::new()),
        }
    }
}

kt_plugin_api::export_plugin!(GatewayRun, "../plugin.toml");

//! The plugin `gateway-control`: manages gateways, tokens, secrets and logins, and provides the
//! control plane over HTTP.

mod args;
mod auth;
mod completion;
mod doctor;
mod fleet;
mod gateway;
mod halt;
mod http;
mod private_file;
mod secret;
mod token;
mod whoami;

use kt_plugin_api::{
    Class, Command, CompletionRequest, Context, Error, Host, Invocation, Output, Plugin, Provider,
};

struct GatewayControl {
    http: http::HttpControlPlane,
    secrets: secret::SecretsProvider,
    doctor: doctor::Doctor,
}

impl Plugin for GatewayControl {
    fn init(_: Host) -> Result<Self, Error> {
        Ok(Self {
            http: http::HttpControlPlane::default(),
            secrets: secret::SecretsProvider,
            doctor: doctor::Doctor,
        })
    }

    fn command(&self) -> Option<&dyn Command> {
        Some(self)
    }

    fn provider(&self, interface: &str, _name: &str) -> Option<&dyn Provider> {
        match interface {
            kt_control_api::INTERFACE => Some(&self.http),
            "kt.secrets/1" => Some(&self.secrets),
            "kt.doctor/1" => Some(&self.doctor),
            _ => None,
        }
    }
}

impl Command for GatewayControl {
    fn run(&self, invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
        let path: Vec<&str> = invocation.path.iter().map(String::as_str).collect();
        match path.as_slice() {
            ["gateway", "create"] => gateway::create(invocation, context),
            ["gateway", "list"] => gateway::list(invocation, context),
            ["gateway", "inspect"] => gateway::inspect(invocation, context),
            ["gateway", "config"] => gateway::config(invocation, context),
            ["gateway", "versions"] => gateway::versions(invocation, context),
            ["gateway", "pin"] => gateway::pin(invocation, context),
            ["gateway", "unpin"] => gateway::unpin(invocation, context),
            ["gateway", "prune"] => gateway::prune(invocation, context),
            ["gateway", "update"] => gateway::update(invocation, context),
            ["gateway", "halt"] => halt::halt(invocation, context),
            ["gateway", "unhalt"] => halt::unhalt(invocation, context),
            ["gateway", "delete"] => gateway::delete(invocation, context),
            ["whoami"] | ["auth", "whoami"] => whoami::run(invocation, context),
            ["auth", "login"] => auth::login(invocation, context),
            ["auth", "logout"] => auth::logout(invocation, context),
            ["auth", "token"] => auth::token(invocation),
            ["auth", "switch"] => auth::switch(invocation),
            ["auth", "list"] => auth::list(invocation),
            ["token", "create"] => token::create(invocation, context),
            ["token", "list"] => token::list(invocation, context),
            ["token", "revoke"] => token::revoke(invocation, context),
            ["token", "rotate"] => token::rotate(invocation, context),
            ["secret", "set"] => secret::set(invocation, context),
            ["secret", "list"] => secret::list(invocation),
            ["secret", "remove"] => secret::remove(invocation),
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
        completion::run(request, context)
    }
}

kt_plugin_api::export_plugin!(GatewayControl, "../plugin.toml");

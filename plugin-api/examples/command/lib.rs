//! A plugin with one command, `kt greet hello --name NAME`.
//!
//! In a package of its own, `greeter`, with `crate-type = ["cdylib"]`, the library and
//! `plugin.toml` in one directory are the plugin. `kt plugin new --lang rust --kind command`
//! writes such a package, with a struct of the arguments that is generated from the
//! manifest.

use kt_plugin_api::{Command, Context, Error, Host, Invocation, Output, Plugin, View};
use serde_json::json;

struct Greeter;

impl Plugin for Greeter {
    fn init(_: Host) -> Result<Self, Error> {
        Ok(Self)
    }

    fn command(&self) -> Option<&dyn Command> {
        Some(self)
    }
}

impl Command for Greeter {
    fn run(&self, invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
        let name = invocation.required("name")?;
        context.check_cancelled()?;
        let text = format!("hello, {name}");
        let view = View::Text(format!("{text}\n"));
        Ok(Output::new(
            "example.greet/1",
            json!({ "text": text }),
            view,
        ))
    }
}

kt_plugin_api::export_plugin!(Greeter, "plugin.toml");

//! A plugin that breaks the rules on demand: each command in its own way, and
//! `init` when `KT_MISBEHAVE=init` is set. The host must survive all of it.

use kt_plugin_api::{
    Class, Command, Context, Error, Event, Host, Invocation, Output, Plugin, Provider, View,
};
use serde_json::{Value, json};
use std::time::Duration;

const INTERFACE: &str = "example.misbehaviour/1";

struct Misbehaving {
    host: Host,
}

/// Panics when it is dropped.
struct Grenade;

impl Drop for Grenade {
    fn drop(&mut self) {
        panic!("panic in drop");
    }
}

// === impl Misbehaving ===

impl Plugin for Misbehaving {
    fn init(host: Host) -> Result<Self, Error> {
        match std::env::var("KT_MISBEHAVE").as_deref() {
            Ok("init") => panic!("panic in init"),
            Ok("init-error") => Err(Error::internal("init has nothing to start with")),
            _ => Ok(Self { host }),
        }
    }

    fn command(&self) -> Option<&dyn Command> {
        Some(self)
    }

    fn provider(&self, interface: &str) -> Option<&dyn Provider> {
        (interface == INTERFACE).then_some(self as &dyn Provider)
    }
}

impl Command for Misbehaving {
    fn run(&self, invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
        match invocation.path.last().map(String::as_str) {
            Some("panic") => panic!("panic in run"),
            Some("thread") => Ok(said(&thread())),
            Some("drop") => {
                let _grenade = Grenade;
                Ok(said("not reached"))
            }
            Some("provider") => context
                .open_provider(INTERFACE, None)?
                .call::<Value>("anything", &Value::Null)
                .map(|_| said("the provider answered")),
            Some("log") => {
                for level in 1..=5 {
                    self.host.log(level, "misbehaving", "a record", "{\"n\":1}");
                }
                Ok(said("logged"))
            }
            Some("parts") => parts(context),
            Some("wait") => wait(context),
            _ => Ok(said("behaved")),
        }
    }
}

impl Provider for Misbehaving {
    fn call(&self, _: &str, _: Value, _: &Context<'_>) -> Result<Value, Error> {
        panic!("panic in a provider")
    }
}

fn thread() -> String {
    let joined = std::thread::spawn(|| panic!("panic in a thread")).join();
    match joined {
        Ok(()) => "the thread ended".to_owned(),
        Err(_) => "the thread panicked".to_owned(),
    }
}

fn wait(context: &Context<'_>) -> Result<Output, Error> {
    context.event(&Event {
        event: "waiting".to_owned(),
        message: "waiting".to_owned(),
        data: Value::Null,
    });
    let mut seen = 0;
    while context.cancelled().is_none() {
        if context.reload_count() != seen {
            seen = context.reload_count();
            context.event(&Event {
                event: "reload".to_owned(),
                message: format!("reload {seen}"),
                data: json!({ "reloads": seen }),
            });
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    context.check_cancelled()?;
    Err(Error::new(
        Class::Plugin,
        "impossible",
        "not cancelled after all",
    ))
}

fn parts(context: &Context<'_>) -> Result<Output, Error> {
    for number in 1_u64.. {
        let text = View::Text(format!("{number}\n"));
        context.partial_result(&Output::new("example.part/1", json!(number), text));
        context.check_cancelled()?;
    }
    Ok(said("not reached"))
}

fn said(text: &str) -> Output {
    let value = json!({ "text": text });
    Output::new(
        "example.misbehave/1",
        value,
        View::Text(format!("{text}\n")),
    )
    .name_path("/text")
}

kt_plugin_api::export_plugin!(Misbehaving, "../plugin.toml");

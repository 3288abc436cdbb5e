//! A plugin that violates the rules of the ABI on demand: each command in its own
//! way, and `init` if `KT_MISBEHAVE=init` is set. The host must tolerate all of them.

use kt_plugin_api::{
    Class, Command, Context, Error, Event, Host, Invocation, Output, Plugin, Provider, View,
};
use serde_json::{Value, json};
use std::time::Duration;

const INTERFACE: &str = "example.misbehaviour/1";
/// The versions of everything that crosses the boundary, as `evolution-c` has it.
const EVOLUTION: &str = "example.evolution/1";

struct Misbehaving {
    host: Host,
}

/// Panics on drop.
struct PanicOnDrop;

impl Drop for PanicOnDrop {
    fn drop(&mut self) {
        panic!("panic in drop");
    }
}

// === impl Misbehaving ===

impl Plugin for Misbehaving {
    fn init(host: Host) -> Result<Self, Error> {
        match std::env::var("KT_MISBEHAVE").as_deref() {
            Ok("init") => panic!("panic in init"),
            Ok("init-error") => Err(Error::internal("init failed")),
            _ => Ok(Self { host }),
        }
    }

    fn command(&self) -> Option<&dyn Command> {
        Some(self)
    }

    fn provider(&self, interface: &str, _name: &str) -> Option<&dyn Provider> {
        match interface {
            EVOLUTION => Some(&Evolution),
            INTERFACE => Some(self),
            _ => None,
        }
    }
}

impl Command for Misbehaving {
    fn run(&self, invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
        match invocation.path.last().map(String::as_str) {
            Some("panic") => panic!("panic in run"),
            Some("thread") => Ok(output(&thread())),
            Some("drop") => {
                let _guard = PanicOnDrop;
                Ok(output("not reached"))
            }
            Some("provider") => context
                .open_provider(INTERFACE, None)?
                .call::<Value>("anything", &Value::Null)
                .map(|_| output("the provider returned")),
            Some("log") => {
                for level in 1..=5 {
                    self.host.log(level, "misbehaving", "a record", "{\"n\":1}");
                }
                Ok(output("logged"))
            }
            Some("partial-results") => partial_results(context),
            Some("wait") => wait(context),
            Some("sleep") => sleep(context, Duration::from_hours(1)),
            Some("pause") => sleep(context, Duration::from_millis(1)),
            Some("versions") => versions(self.host, invocation, context),
            _ => Ok(output("behaved")),
        }
    }
}

impl Provider for Misbehaving {
    fn call(&self, _: &str, _: Value, _: &Context<'_>) -> Result<Value, Error> {
        panic!("panic in a provider")
    }
}

struct Evolution;

impl Provider for Evolution {
    fn call(&self, _: &str, _: Value, context: &Context<'_>) -> Result<Value, Error> {
        Ok(json!({ "context": next_of_context(context) }))
    }
}

fn versions(host: Host, invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let name = invocation.args.text("of");
    let provider = context.open_provider(EVOLUTION, name)?;
    let reply = provider.call::<Value>("versions", &Value::Null)?;
    #[cfg(feature = "next")]
    let (of_host, of_provider) = (host.next(), provider.next());
    #[cfg(not(feature = "next"))]
    let (of_host, of_provider) = (0, 0);
    let value = json!({
        "host_minor": host.abi_version().1,
        "host": of_host,
        "context": next_of_context(context),
        "provider": of_provider,
        "status": 0,
        "reply": reply,
    });
    #[cfg(feature = "next")]
    let view = View::Gauge("full".to_owned());
    #[cfg(not(feature = "next"))]
    let view = View::Text("versions\n".to_owned());
    Ok(Output::new("example.versions/1", value, view))
}

#[cfg(feature = "next")]
fn next_of_context(context: &Context<'_>) -> usize {
    context.next()
}

#[cfg(not(feature = "next"))]
fn next_of_context(_: &Context<'_>) -> usize {
    0
}

fn thread() -> String {
    let joined = std::thread::spawn(|| panic!("panic in a thread")).join();
    match joined {
        Ok(()) => "the thread returned".to_owned(),
        Err(_) => "the thread panicked".to_owned(),
    }
}

fn wait(context: &Context<'_>) -> Result<Output, Error> {
    context.event(&Event {
        event: "waiting".to_owned(),
        message: "waiting".to_owned(),
        data: Value::Null,
    });
    let mut count = 0;
    while context.cancelled().is_none() {
        if context.reload_count() != count {
            count = context.reload_count();
            context.event(&Event {
                event: "reload".to_owned(),
                message: format!("reload {count}"),
                data: json!({ "reloads": count }),
            });
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    context.check_cancelled()?;
    Err(Error::new(Class::Plugin, "impossible", "not cancelled"))
}

/// Waits without an interval: only a signal or the deadline can end it before the time.
fn sleep(context: &Context<'_>, time: Duration) -> Result<Output, Error> {
    context.event(&Event {
        event: "waiting".to_owned(),
        message: "waiting".to_owned(),
        data: Value::Null,
    });
    let reason = context.wait_cancelled(time);
    context.check_cancelled()?;
    Ok(output(&format!("{reason:?}")))
}

fn partial_results(context: &Context<'_>) -> Result<Output, Error> {
    for number in 1_u64.. {
        let text = View::Text(format!("{number}\n"));
        context.partial_result(&Output::new("example.part/1", json!(number), text));
        context.check_cancelled()?;
    }
    Ok(output("not reached"))
}

fn output(text: &str) -> Output {
    let value = json!({ "text": text });
    Output::new(
        "example.misbehave/1",
        value,
        View::Text(format!("{text}\n")),
    )
    .name_path("/text")
}

kt_plugin_api::export_plugin!(Misbehaving, "../plugin.toml");

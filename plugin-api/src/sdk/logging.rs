//! Forwards a plugin's `tracing` events to the host.
//!
//! Every library has its own copy of `tracing`'s dispatcher, so events of a
//! plugin would be lost without this. Only events are forwarded, not spans.

use super::plugin::Host;
use crate::abi::log;
use serde_json::{Map, Value};
use std::fmt::Debug;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

struct HostSubscriber {
    host: Host,
}

/// Installs the subscriber and the panic hook. Later calls in the same library
/// have no effect.
pub fn install(host: Host) {
    // Fails only if the plugin has installed its own subscriber.
    drop(tracing::subscriber::set_global_default(HostSubscriber {
        host,
    }));
    std::panic::set_hook(Box::new(move |info| {
        let location = info.location().map(ToString::to_string).unwrap_or_default();
        host.log(
            log::DEBUG,
            "panic",
            &format!("{} at {location}", panic_message(info.payload())),
            "",
        );
    }));
}

/// Returns the message of a panic.
pub fn panic_message(payload: &(dyn std::any::Any + Send)) -> String {
    payload
        .downcast_ref::<&str>()
        .map(|s| (*s).to_owned())
        .or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "no message".to_owned())
}

fn level_number(level: Level) -> u32 {
    match level {
        Level::ERROR => log::ERROR,
        Level::WARN => log::WARN,
        Level::INFO => log::INFO,
        Level::DEBUG => log::DEBUG,
        Level::TRACE => log::TRACE,
    }
}

#[derive(Default)]
struct Fields {
    message: String,
    rest: Map<String, Value>,
}

impl Fields {
    fn put(&mut self, field: &Field, value: Value) {
        if field.name() == "message" {
            self.message = value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned);
        } else {
            self.rest.insert(field.name().to_owned(), value);
        }
    }
}

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.put(field, value.into());
    }
    fn record_u64(&mut self, field: &Field, value: u64) {
        self.put(field, value.into());
    }
    fn record_i64(&mut self, field: &Field, value: i64) {
        self.put(field, value.into());
    }
    fn record_bool(&mut self, field: &Field, value: bool) {
        self.put(field, value.into());
    }
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.put(field, format!("{value:?}").into());
    }
}

impl Subscriber for HostSubscriber {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        !metadata.is_span() && level_number(*metadata.level()) <= self.host.log_max_level()
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        let meta = event.metadata();
        let rest = if fields.rest.is_empty() {
            String::new()
        } else {
            Value::Object(fields.rest).to_string()
        };
        self.host.log(
            level_number(*meta.level()),
            meta.target(),
            &fields.message,
            &rest,
        );
    }
}

//! Waits until the instances of a gateway have acted on a change of its halt.

use kt_control_api::{Client, Gateway, Instance, ProviderTransport};
use kt_fleet::ItemResult;
use kt_plugin_api::Context;
use std::time::{Duration, Instant};

/// How often the gateway is read: instances report a change of a halt at once.
const FIRST_INTERVAL: Duration = Duration::from_millis(50);
const MAX_INTERVAL: Duration = Duration::from_millis(500);

/// Waits until every live instance has acted on the present change, and returns the result with
/// `word` if they have.
pub(super) fn wait(
    client: &Client<ProviderTransport<'_>>,
    context: &Context<'_>,
    (changed, word): (&Gateway, &str),
    timeout: Duration,
) -> ItemResult {
    let (id, name) = (&changed.id, &changed.name);
    let generation = changed.halt_generation;
    let deadline = Instant::now() + timeout;
    // The first look is at once: other gateways were changed meanwhile.
    let mut interval = Duration::ZERO;
    // Most gateways of a fleet may be stopped, and need no request of their own.
    let mut gateway = changed.clone();
    loop {
        let live = || gateway.live_instances();
        if live().next().is_none() {
            let why = "no instance is running; one that starts acts on it";
            return ItemResult::done(id, name, word).why(why);
        }
        let waiting: Vec<&Instance> = live().filter(|one| !has_acted(one, generation)).collect();
        if waiting.is_empty() {
            return ItemResult::done(id, name, word).why(outcome(live(), word));
        }
        if Instant::now() >= deadline || context.wait_cancelled(interval).is_some() {
            let why = not_acknowledged(&waiting, live().count());
            return ItemResult::failed(id, name, "not-acknowledged", why);
        }
        interval = (interval * 2).clamp(FIRST_INTERVAL, MAX_INTERVAL);
        gateway = match client.gateway(id.as_str()) {
            Ok(gateway) => gateway,
            Err(error) => {
                let why = format!("the change is stored, but {}", error.detail);
                return ItemResult::failed(id, name, "unknown", why);
            }
        };
    }
}

fn has_acted(instance: &Instance, generation: u64) -> bool {
    instance
        .halt
        .is_some_and(|halt| halt.generation >= generation)
}

fn outcome<'a>(live: impl Iterator<Item = &'a Instance>, word: &str) -> String {
    let live: Vec<_> = live.collect();
    let halted = live
        .iter()
        .filter(|one| one.halt.is_some_and(|halt| halt.halted));
    let (halted, all) = (halted.count(), live.len());
    let plural = if all == 1 { "instance" } else { "instances" };
    match (word, halted) {
        ("unhalted", 0) => format!("{all} {plural} accept requests"),
        ("unhalted", _) => format!(
            "{halted} of {all} {plural} are halted through their local socket: \
             `kt gateway unhalt --local` there"
        ),
        _ => format!("{halted} of {all} {plural} refuse requests"),
    }
}

fn not_acknowledged(waiting: &[&Instance], all: usize) -> String {
    let ids: Vec<String> = waiting
        .iter()
        .take(3)
        .map(|one| {
            let binary = one.binary.as_deref().unwrap_or("kt");
            format!("{} ({binary})", one.instance_id)
        })
        .collect();
    format!(
        "{} of {all} instances have not acted on it: {}; an older kt does not support halts",
        waiting.len(),
        ids.join(", ")
    )
}

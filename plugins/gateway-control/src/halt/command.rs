//! The two commands.

use super::acknowledgment;
use super::local::{self, LocalRequest};
use super::targets::Targets;
use crate::args::{GatewayHaltArgs, GatewayUnhaltArgs};
use kt_control_api::{
    ApiError, Client, ErrorClass, Gateway, GatewayId, HaltGatewaysRequest, HaltGatewaysResponse,
    HaltRequest, ProviderTransport, UnhaltGatewaysRequest, UnhaltRequest, connect,
};
use kt_fleet::{ItemResult, run_waves};
use kt_plugin_api::{Class, Context, Error, Invocation, Output};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::time::Duration;

/// The number of gateways that are changed at the same time. A halt does not wait for some of them
/// before it reaches the others.
const MAX_PARALLEL: usize = 50;

/// The number of gateways that one request changes. While their instances are woken, the next ones
/// are changed.
const GATEWAYS_PER_REQUEST: usize = 500;

/// What one of the commands does.
struct HaltCommand<'a> {
    /// How long to wait for the instances; `None` does not wait.
    timeout: Option<Duration>,
    /// What is asked before all gateways are changed.
    question: &'a str,
    /// What is sent to the sockets of this machine, and how results are called there and here.
    local: LocalRequest<'a>,
}

type OwnClient<'c> = Client<ProviderTransport<'c>>;
/// Changes one gateway.
type ChangeOne<'a> = &'a (dyn Fn(&OwnClient<'_>, &Gateway) -> Result<Gateway, ApiError> + Sync);
/// Changes several gateways with one request.
type ChangeMany<'a> =
    &'a (dyn Fn(&OwnClient<'_>, Vec<GatewayId>) -> Result<HaltGatewaysResponse, ApiError> + Sync);
type Change<'a> = (ChangeOne<'a>, ChangeMany<'a>);
/// A gateway before and after the change.
type Changed<'g> = (&'g Gateway, Result<Gateway, ApiError>);

pub(crate) fn halt(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let args: GatewayHaltArgs = invocation.arguments()?;
    let for_seconds = args.duration.map(whole_seconds).transpose()?;
    let request = HaltRequest {
        reason: args.reason,
        for_seconds,
    };
    if request.reason.trim().is_empty() {
        let message = "`--reason` is empty; callers receive the reason";
        return Err(Error::new(Class::Usage, "empty-reason", message));
    }
    let command = HaltCommand {
        timeout: (!args.no_wait).then_some(args.timeout),
        question: "halt",
        local: LocalRequest {
            schema: "kt.gateway.halt/1",
            path: "/keeptrusts/halt",
            body: json!({
                "reason": request.reason,
                "for_seconds": request.for_seconds,
                "by": format!("uid:{}", rustix::process::getuid().as_raw()),
            }),
            word: "halted",
        },
    };
    let targets = Targets {
        names: &args.id,
        selector: &args.selector,
        all: args.all,
    };
    let one: ChangeOne<'_> = &|client, gateway| client.halt(gateway.id.as_str(), &request, None);
    let many: ChangeMany<'_> = &|client, gateways| {
        client.halt_gateways(&HaltGatewaysRequest {
            gateways,
            reason: request.reason.clone(),
            for_seconds: request.for_seconds,
        })
    };
    command.run(invocation, context, &targets, args.local, (one, many))
}

pub(crate) fn unhalt(invocation: &Invocation, context: &Context<'_>) -> Result<Output, Error> {
    let args: GatewayUnhaltArgs = invocation.arguments()?;
    let request = UnhaltRequest {
        reason: args.reason,
    };
    let command = HaltCommand {
        timeout: (!args.no_wait).then_some(args.timeout),
        question: "end the halt of",
        local: LocalRequest {
            schema: "kt.gateway.unhalt/1",
            path: "/keeptrusts/unhalt",
            body: json!({}),
            word: "unhalted",
        },
    };
    let targets = Targets {
        names: &args.id,
        selector: &args.selector,
        all: args.all,
    };
    let one: ChangeOne<'_> = &|client, gateway| client.unhalt(gateway.id.as_str(), &request, None);
    let many: ChangeMany<'_> = &|client, gateways| {
        client.unhalt_gateways(&UnhaltGatewaysRequest {
            gateways,
            reason: request.reason.clone(),
        })
    };
    command.run(invocation, context, &targets, args.local, (one, many))
}

/// Returns a duration in seconds.
fn whole_seconds(duration: Duration) -> Result<u64, Error> {
    match duration.as_secs() {
        0 => {
            let message = "`--for` must be at least 1s";
            Err(Error::new(Class::Usage, "invalid-duration", message))
        }
        seconds => Ok(seconds),
    }
}

impl HaltCommand<'_> {
    fn run(
        &self,
        invocation: &Invocation,
        context: &Context<'_>,
        targets: &Targets<'_>,
        local: bool,
        change: Change<'_>,
    ) -> Result<Output, Error> {
        if local {
            return self.run_locally(invocation, context, targets);
        }
        let client = connect(invocation, context)?;
        let gateways = match targets.find(&client, context) {
            Ok(gateways) => gateways,
            Err(error) => return self.fall_back(invocation, context, targets, error),
        };
        if invocation.dry_run {
            return Ok(self.planned(&gateways));
        }
        if targets.all {
            let count = gateways.len();
            context.confirm(&format!("{} all {count} gateways?", self.question))?;
        }
        Ok(self.change_all(context, &client, &gateways, change))
    }

    /// Uses the sockets of this machine if the control plane is unavailable, or knows no gateway.
    fn fall_back(
        &self,
        invocation: &Invocation,
        context: &Context<'_>,
        targets: &Targets<'_>,
        error: Error,
    ) -> Result<Output, Error> {
        let is_unavailable = error.class == Class::Unavailable && targets.selector.is_empty();
        let knows_none = error.class == Class::NotFound && targets.is_unnamed();
        if !is_unavailable && !knows_none {
            return Err(error);
        }
        match self.run_locally(invocation, context, targets) {
            Err(_) => Err(error.hint(
                "a gateway of this machine can be reached through its socket with `--local`",
            )),
            Ok(output) if is_unavailable => Ok(output.note(format!(
                "the control plane is unavailable ({error}): only the gateways of this machine \
                 were reached, through their sockets"
            ))),
            output => output,
        }
    }

    fn run_locally(
        &self,
        invocation: &Invocation,
        context: &Context<'_>,
        targets: &Targets<'_>,
    ) -> Result<Output, Error> {
        if !targets.selector.is_empty() {
            let message = "`--local` reaches gateways by ID or name; their labels are not known";
            return Err(Error::new(Class::Usage, "invalid-arguments", message));
        }
        let running = local::gateways(invocation);
        let chosen = local::choose(running, targets.names, targets.all)?;
        if targets.all && !invocation.dry_run {
            let count = chosen.len();
            context.confirm(&format!(
                "{} all {count} gateways of this machine?",
                self.question
            ))?;
        }
        if invocation.dry_run {
            return Ok(local::planned(&chosen, &self.local));
        }
        Ok(local::send(&chosen, &self.local))
    }

    fn planned(&self, gateways: &[Gateway]) -> Output {
        let rows = gateways.iter().map(|gateway| {
            let result = match (self.local.word, &gateway.halt) {
                ("unhalted", None) => "unchanged",
                ("unhalted", Some(_)) => "would-unhalt",
                _ => "would-halt",
            };
            row(gateway, result, None)
        });
        let rows: Vec<Value> = rows.collect();
        self.local.output(rows).note("nothing was changed")
    }

    fn change_all<'c>(
        &self,
        context: &Context<'c>,
        client: &Client<ProviderTransport<'c>>,
        gateways: &[Gateway],
        change: Change<'_>,
    ) -> Output {
        let changed = self.send_all(context, client, gateways, change);
        let mut rows = BTreeMap::new();
        // All are changed before the instances of one are waited for.
        run_waves(
            &changed,
            MAX_PARALLEL,
            |(before, changed)| match changed {
                Err(error) => {
                    let (id, name) = (&before.id, &before.name);
                    (*before, ItemResult::refused(id, name, error.clone()))
                }
                Ok(gateway) => (gateway, self.acknowledged(context, client, before, gateway)),
            },
            |(gateway, result)| {
                rows.insert(gateway.name.clone(), (gateway, result));
                ControlFlow::Continue(())
            },
        );
        let all = rows.len();
        let failed = rows
            .values()
            .filter(|(_, result)| !result.succeeded)
            .count();
        let unacknowledged = |(_, result): &(_, ItemResult)| result.result == "not-acknowledged";
        let only_late = rows.values().filter(|row| unacknowledged(row)).count() == failed;
        let rows = rows
            .into_values()
            .map(|(gateway, result)| row(gateway, &result.result, result.why))
            .collect();
        let output = self.local.output(rows);
        match failed {
            0 => output,
            _ if only_late => output.outcome(Class::UnknownEffect.name()),
            _ if failed == all => output.outcome(Class::Usage.name()),
            _ => output.outcome(Class::Negative.name()),
        }
    }

    fn send_all<'g, 'c>(
        &self,
        context: &Context<'c>,
        client: &Client<ProviderTransport<'c>>,
        gateways: &'g [Gateway],
        (one, many): Change<'_>,
    ) -> Vec<Changed<'g>> {
        let mut changed = Vec::with_capacity(gateways.len());
        let report = |changed: &mut Vec<Changed<'g>>, results: Vec<Changed<'g>>| {
            changed.extend(results);
            let (done, all) = (changed.len(), gateways.len());
            context.progress(&format!("{} {done} of {all} …", self.local.word));
            ControlFlow::Continue(())
        };
        let own = || Client::new(client.transport().within(context));
        let mut alone: Vec<&Gateway> = gateways.iter().collect();
        if gateways.len() > 1 {
            alone.clear();
            let parts: Vec<_> = gateways.chunks(GATEWAYS_PER_REQUEST).collect();
            run_waves(
                &parts,
                1,
                |part| (*part, send_part(&own(), part, many)),
                |(part, results)| match results {
                    Some(results) => report(&mut changed, results),
                    None => {
                        alone.extend(part);
                        ControlFlow::Continue(())
                    }
                },
            );
        }
        let send = |gateway: &&'g Gateway| vec![(*gateway, one(&own(), gateway))];
        run_waves(&alone, MAX_PARALLEL, send, |result| {
            report(&mut changed, result)
        });
        changed
    }

    fn acknowledged<'c>(
        &self,
        context: &Context<'c>,
        client: &Client<ProviderTransport<'c>>,
        before: &Gateway,
        after: &Gateway,
    ) -> ItemResult {
        let is_changed = after.halt_generation != before.halt_generation;
        let word = match (&before.halt, &after.halt) {
            (Some(_), Some(_)) if is_changed => "replaced",
            _ if is_changed => self.local.word,
            _ => "unchanged",
        };
        let client = Client::new(client.transport().within(context));
        match self.timeout {
            Some(timeout) => acknowledgment::wait(&client, context, (after, word), timeout),
            None => ItemResult::done(&after.id, &after.name, word),
        }
    }
}

/// Changes some gateways with one request; `None` if the control plane does not support that.
fn send_part<'g>(
    client: &OwnClient<'_>,
    part: &'g [Gateway],
    many: ChangeMany<'_>,
) -> Option<Vec<Changed<'g>>> {
    let ids = part.iter().map(|gateway| gateway.id.clone()).collect();
    let response = match many(client, ids) {
        Ok(response) => response,
        Err(error) if error.class == ErrorClass::NotFound => return None,
        Err(error) => {
            let failed = part.iter().map(|before| (before, Err(error.clone())));
            return Some(failed.collect());
        }
    };
    let halts: BTreeMap<_, _> = response
        .gateways
        .iter()
        .map(|halt| (&halt.id, halt))
        .collect();
    let after = |before: &Gateway| match halts.get(&before.id) {
        None => {
            let detail = format!("the gateway `{}` was deleted", before.name);
            Err(ApiError::not_found(detail))
        }
        Some(halt) => Ok(Gateway {
            halt: halt.halt.clone(),
            halt_generation: halt.halt_generation,
            ..before.clone()
        }),
    };
    Some(part.iter().map(|before| (before, after(before))).collect())
}

fn row(gateway: &Gateway, result: &str, why: Option<String>) -> Value {
    let live = gateway.live_instances().count();
    json!({
        "id": gateway.id, "name": gateway.name, "result": result, "local": false,
        "halt": gateway.halt, "live_instances": live, "why": why,
    })
}

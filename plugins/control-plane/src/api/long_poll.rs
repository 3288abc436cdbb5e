//! Requests that wait for a change of a gateway.

use std::time::Duration;

use kt_control_api::{
    DesiredQuery, DesiredResponse, Gateway, Instance, Response, RolloutOutcome, RolloutStatus,
};

use super::error::ApiError;
use super::input;
use super::limits::MAX_WAIT_SECONDS;
use super::reply::{HandlerResult, LongPoll, LongPollCondition, Reply, WakeTarget};
use super::response::{empty, error_response, json_response, with_request_id};
use super::service::{Api, RequestContext};
use crate::store::{DesiredState, GatewayRef, GatewayRow};

impl Api {
    /// Replies at once when the condition holds or the request does not wait.
    pub(super) fn wait(
        &self,
        context: &RequestContext<'_>,
        key: &GatewayRef,
        condition: LongPollCondition,
    ) -> HandlerResult {
        let wait = input::bounded(context.request, "wait", 0, 0, MAX_WAIT_SECONDS)?;
        let state = self.desired_state(key)?;
        context.caller.require_gateway_read(&state.gateway.id)?;
        let poll = LongPoll {
            gateway: state.gateway.id.clone(),
            wait: Duration::from_secs(wait),
            request_id: context.request_id.to_owned(),
            condition,
        };
        if let Some(response) = self.evaluate(&poll, state)? {
            return Ok(Reply::complete(response, WakeTarget::None));
        }
        if wait == 0 {
            return Ok(Reply::complete(
                self.timeout_response(&poll)?,
                WakeTarget::None,
            ));
        }
        Ok(Reply::LongPoll(poll))
    }

    /// Returns the response to a long poll if its condition holds now.
    #[must_use]
    pub fn poll(&self, poll: &LongPoll) -> Option<Response> {
        match self.try_poll(poll) {
            Ok(response) => response,
            Err(problem) => Some(error_response(*problem, &poll.request_id)),
        }
    }

    /// Returns the response to a long poll if its condition holds now.
    ///
    /// # Errors
    /// When the gateway was deleted or cannot be read.
    pub(crate) fn try_poll(&self, poll: &LongPoll) -> Result<Option<Response>, ApiError> {
        let state = self.desired_state(&GatewayRef::Id(poll.gateway.clone()))?;
        let response = self.evaluate(poll, state)?;
        Ok(response.map(|found| with_request_id(found, &poll.request_id)))
    }

    /// Returns the response to a long poll whose time is over.
    #[must_use]
    pub fn poll_timed_out(&self, poll: &LongPoll) -> Response {
        match self.timeout_response(poll) {
            Ok(response) => with_request_id(response, &poll.request_id),
            Err(problem) => error_response(*problem, &poll.request_id),
        }
    }

    fn evaluate(&self, poll: &LongPoll, state: DesiredState) -> Result<Option<Response>, ApiError> {
        match &poll.condition {
            LongPollCondition::DesiredChanged(query) => {
                let changed = self.desired_since(query, state)?;
                Ok(changed.map(|body| json_response(200, &body)))
            }
            LongPollCondition::RolloutFinished {
                generation,
                version,
            } => {
                let finished = self.finished_rollout(&state, *generation, *version)?;
                Ok(finished.map(|status| json_response(200, &status)))
            }
        }
    }

    /// Returns the status of a rollout that has finished. The instances, of which there may be
    /// thousands, are read only then.
    fn finished_rollout(
        &self,
        state: &DesiredState,
        generation: u64,
        version: Option<u64>,
    ) -> Result<Option<RolloutStatus>, ApiError> {
        let desired = state.desired.as_ref().map(|desired| desired.version);
        let superseded = version.is_some() && desired != version;
        let (id, now) = (&state.gateway.id, self.now());
        let awaits_answer = self.store().awaits_answer(id, generation, now);
        if !superseded && self.store_result(awaits_answer)? {
            return Ok(None);
        }
        let gateway = self.find(&GatewayRef::Id(id.clone()))?.view(now);
        let outcome = rollout_outcome(&gateway, generation, version);
        Ok(outcome.map(|outcome| RolloutStatus { outcome, gateway }))
    }

    fn timeout_response(&self, poll: &LongPoll) -> Result<Response, ApiError> {
        match poll.condition {
            LongPollCondition::DesiredChanged(_) => {
                let state = self.desired_state(&GatewayRef::Id(poll.gateway.clone()))?;
                let mut response = empty(304);
                let index = state.gateway.generation.to_string();
                response.headers.insert("x-kt-index".to_owned(), index);
                Ok(response)
            }
            LongPollCondition::RolloutFinished { .. } => Ok(json_response(
                200,
                &RolloutStatus {
                    outcome: RolloutOutcome::Pending,
                    gateway: self.gateway(&poll.gateway)?,
                },
            )),
        }
    }

    /// Returns the desired state, unless the caller has it or the instance has rejected it.
    pub(super) fn desired_since(
        &self,
        query: &DesiredQuery,
        state: DesiredState,
    ) -> Result<Option<DesiredResponse>, ApiError> {
        let record = &state.gateway;
        let known_epoch = query.epoch.as_ref();
        let other_epoch = known_epoch.is_some_and(|known| *known != state.epoch);
        let reset = other_epoch || query.index > record.generation;
        let halt = query.halt_generation;
        let halt_changed = halt.is_some_and(|known| known != record.halt_generation);
        let must_act = reset || halt_changed;
        if !must_act && (query.index == record.generation || self.has_rejected(query, record)?) {
            return Ok(None);
        }
        Ok(Some(DesiredResponse {
            epoch: state.epoch,
            index: record.generation,
            reset,
            desired: state.desired,
            reload_generation: record.reload_generation,
            reconcile_generation: record.reconcile_generation,
            halt: record.halt_at(self.now()).cloned(),
            halt_generation: Some(record.halt_generation),
            server_time: self.now(),
        }))
    }

    /// Returns whether the instance in the query has rejected the current generation, which is then
    /// not sent again.
    fn has_rejected(&self, query: &DesiredQuery, gateway: &GatewayRow) -> Result<bool, ApiError> {
        let Some(instance) = &query.instance else {
            return Ok(false);
        };
        let found = self.store_result(self.store().instance(&gateway.id, instance))?;
        let rejection = found.and_then(|found| found.report.rejection);
        Ok(rejection.is_some_and(|rejection| rejection.generation >= gateway.generation))
    }
}

/// Returns the outcome of a rollout; `None` while live instances have not answered.
fn rollout_outcome(
    gateway: &Gateway,
    generation: u64,
    version: Option<u64>,
) -> Option<RolloutOutcome> {
    let live: Vec<_> = gateway.live_instances().collect();
    if live.is_empty() {
        return Some(RolloutOutcome::Offline);
    }
    let outcomes: Vec<_> = live
        .iter()
        .map(|instance| instance_outcome(instance, generation))
        .collect();
    let desired = gateway.desired.as_ref().map(|desired| desired.version);
    let serves_version = |instance: &&Instance| {
        version.is_none()
            || instance
                .applied
                .as_ref()
                .and_then(|applied| applied.version)
                == version
    };
    if version.is_some() && desired != version && !live.iter().all(serves_version) {
        return Some(RolloutOutcome::Superseded);
    }
    if outcomes.iter().any(Option::is_none) {
        return None;
    }
    let rejected = outcomes.contains(&Some(RolloutOutcome::Rejected));
    Some(if rejected {
        RolloutOutcome::Rejected
    } else {
        RolloutOutcome::Applied
    })
}

fn instance_outcome(instance: &Instance, generation: u64) -> Option<RolloutOutcome> {
    let applied = instance
        .applied
        .as_ref()
        .map_or(0, |applied| applied.generation);
    let rejected = instance
        .rejection
        .as_ref()
        .map_or(0, |rejection| rejection.generation);
    // The later one counts: a rejection stays in the report after a newer version was applied.
    if rejected >= generation && rejected > applied {
        Some(RolloutOutcome::Rejected)
    } else if applied >= generation {
        Some(RolloutOutcome::Applied)
    } else {
        None
    }
}

//! Requests that wait.

use std::time::Duration;

use kt_control_api::{
    DesiredQuery, DesiredResponse, Gateway, GatewayId, Instance, Response, RolloutOutcome,
    RolloutStatus,
};

use super::Api;
use super::refusal::Refusal;
use super::respond::{empty, json_of};
use crate::store::{GatewayRef, GatewaySnapshot};

/// A request that waits for a change of one gateway.
#[derive(Debug)]
pub struct Parked {
    pub(super) gateway: GatewayId,
    pub(super) wait: Duration,
    pub(super) request_id: String,
    pub(super) question: Question,
}

#[derive(Debug)]
pub(super) enum Question {
    Desired(DesiredQuery),
    Rollout {
        generation: u64,
        version: Option<u64>,
    },
}

impl Parked {
    /// The gateway whose changes may end the wait.
    #[must_use]
    pub fn gateway(&self) -> &GatewayId {
        &self.gateway
    }

    /// How long to wait at most, from the start.
    #[must_use]
    pub fn wait(&self) -> Duration {
        self.wait
    }

    /// Whether time alone can end the wait, as when an instance is killed or its lease ends.
    #[must_use]
    pub fn depends_on_time(&self) -> bool {
        matches!(self.question, Question::Rollout { .. })
    }
}

impl Api {
    /// Looks whether a wait has ended.
    pub(super) fn look(&self, parked: &Parked) -> Result<Option<Response>, Refusal> {
        let snapshot = self.find(&GatewayRef::Id(parked.gateway.clone()))?;
        match &parked.question {
            Question::Desired(query) => self.look_for_desired(query, &snapshot),
            Question::Rollout {
                generation,
                version,
            } => {
                let gateway = snapshot.view(self.now());
                let outcome = verdict(&gateway, *generation, *version);
                Ok(outcome.map(|outcome| json_of(200, &RolloutStatus { outcome, gateway })))
            }
        }
    }

    /// Answers a wait that ran out.
    pub(super) fn run_out(&self, parked: &Parked) -> Result<Response, Refusal> {
        let gateway = self
            .find(&GatewayRef::Id(parked.gateway.clone()))?
            .view(self.now());
        match parked.question {
            Question::Desired(_) => {
                let mut response = empty(304);
                let index = gateway.generation.to_string();
                response.headers.insert("x-kt-index".to_owned(), index);
                Ok(response)
            }
            Question::Rollout { .. } => Ok(json_of(
                200,
                &RolloutStatus {
                    outcome: RolloutOutcome::Pending,
                    gateway,
                },
            )),
        }
    }

    fn look_for_desired(
        &self,
        query: &DesiredQuery,
        snapshot: &GatewaySnapshot,
    ) -> Result<Option<Response>, Refusal> {
        let answer = self.news(query, snapshot)?;
        Ok(answer.map(|answer| json_of(200, &answer)))
    }

    /// Returns what is desired, unless the asking one knows it or has refused it.
    pub(super) fn news(
        &self,
        query: &DesiredQuery,
        snapshot: &GatewaySnapshot,
    ) -> Result<Option<DesiredResponse>, Refusal> {
        let record = &snapshot.gateway;
        let epoch = self.explained(self.store().epoch())?;
        let other_epoch = query.epoch.as_ref().is_some_and(|known| *known != epoch);
        let reset = other_epoch || query.index > record.generation;
        if !reset && (query.index == record.generation || is_refused(query, snapshot)) {
            return Ok(None);
        }
        Ok(Some(DesiredResponse {
            epoch,
            index: record.generation,
            reset,
            desired: snapshot.desired.clone(),
            reload_generation: record.reload_generation,
            reconcile_generation: record.reconcile_generation,
            server_time: self.now(),
        }))
    }
}

/// Whether the asking instance has refused the current generation: it is not told again.
fn is_refused(query: &DesiredQuery, snapshot: &GatewaySnapshot) -> bool {
    snapshot
        .instances
        .iter()
        .map(|instance| &instance.report)
        .any(|report| {
            Some(&report.instance_id) == query.instance.as_ref()
                && report
                    .rejection
                    .as_ref()
                    .is_some_and(|refused| refused.generation >= snapshot.gateway.generation)
        })
}

/// Judges how far the live instances are with a generation; `None` while some have not answered.
fn verdict(gateway: &Gateway, generation: u64, version: Option<u64>) -> Option<RolloutOutcome> {
    let live: Vec<_> = gateway
        .instances
        .iter()
        .filter(|instance| instance.live)
        .collect();
    if live.is_empty() {
        return Some(RolloutOutcome::Offline);
    }
    let answers: Vec<_> = live
        .iter()
        .map(|instance| answer(instance, generation))
        .collect();
    let desired = gateway.desired.as_ref().map(|desired| desired.version);
    let served = |instance: &&Instance| {
        version.is_none()
            || instance
                .applied
                .as_ref()
                .and_then(|applied| applied.version)
                == version
    };
    if version.is_some() && desired != version && !live.iter().all(served) {
        return Some(RolloutOutcome::Superseded);
    }
    if answers.iter().any(Option::is_none) {
        return None;
    }
    let refused = answers.contains(&Some(RolloutOutcome::Rejected));
    Some(if refused {
        RolloutOutcome::Rejected
    } else {
        RolloutOutcome::Applied
    })
}

fn answer(instance: &Instance, generation: u64) -> Option<RolloutOutcome> {
    let applied = instance
        .applied
        .as_ref()
        .map_or(0, |applied| applied.generation);
    let refused = instance
        .rejection
        .as_ref()
        .map_or(0, |refused| refused.generation);
    // The later answer counts: a refusal may stay in the report after something newer applied.
    if refused >= generation && refused > applied {
        Some(RolloutOutcome::Rejected)
    } else if applied >= generation {
        Some(RolloutOutcome::Applied)
    } else {
        None
    }
}

//! The API over a store and a validator.

use std::fmt;
use std::sync::Arc;

use kt_control_api::{
    Problem, ProblemCode, Request, Response, ServiceMode, Timestamp, new_request_id,
};

use super::backup::Keeper;
use super::refusal::Refusal;
use super::respond::{Answer, Handled, Touched, done};
use super::{Notes, Parked, Principal, Verdict, problem_response, refusal, with_allowed};
use crate::metrics::Metrics;
use crate::store::{
    BackupDirectory, ChangeContext, GatewayRef, GatewaySnapshot, Store, StoreError,
};
use crate::validator::Validator;

/// Tells the time. Tests bring their own.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The API. Cheap to clone.
#[derive(Clone)]
pub struct Api {
    store: Arc<dyn Store>,
    validator: Arc<dyn Validator>,
    clock: Clock,
    service: ServiceMode,
    metrics: Option<Arc<Metrics>>,
    keeper: Keeper,
    notes: Option<Arc<dyn Notes>>,
}

/// What a handler is given besides the path.
pub(super) struct Call<'a> {
    pub(super) request: &'a Request,
    pub(super) caller: &'a Principal,
    pub(super) id: &'a str,
    /// What was found out of the configuration in it, if it was.
    pub(super) verdict: Option<&'a Verdict>,
}

impl Api {
    /// Makes the API. `service` says how it is reached, and is told to callers.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        validator: Arc<dyn Validator>,
        clock: Clock,
        service: ServiceMode,
    ) -> Self {
        Self {
            store,
            validator,
            clock,
            service,
            metrics: None,
            keeper: Keeper::Nobody,
            notes: None,
        }
    }

    /// Makes the API with the system's clock.
    #[must_use]
    pub fn with_system_clock(
        store: Arc<dyn Store>,
        validator: Arc<dyn Validator>,
        service: ServiceMode,
    ) -> Self {
        Self::new(store, validator, Arc::new(Timestamp::now), service)
    }

    /// The same, with what the server that has it measures.
    pub(crate) fn measured(mut self, metrics: Arc<Metrics>) -> Self {
        self.metrics = Some(metrics);
        self
    }

    /// The same for a server, with the backups of its store if that is a file.
    pub(crate) fn backed_up(mut self, backups: Option<Arc<BackupDirectory>>) -> Self {
        self.keeper = backups.map_or(Keeper::Database, Keeper::Server);
        self
    }

    /// The same, with notes written by somebody else.
    pub(crate) fn noting(mut self, notes: Arc<dyn Notes>) -> Self {
        self.notes = Some(notes);
        self
    }

    /// Carries a request out, or says that it waits.
    #[must_use]
    pub fn begin(&self, request: &Request, caller: &Principal) -> Handled {
        self.begin_judged(request, caller, None)
    }

    /// The same, once the configuration in the request is judged.
    pub(crate) fn begin_judged(
        &self,
        request: &Request,
        caller: &Principal,
        verdict: Option<&Verdict>,
    ) -> Handled {
        let id = new_request_id();
        let call = Call {
            request,
            caller,
            id: &id,
            verdict,
        };
        match self.route(&call) {
            Ok(Handled::Done(mut answer)) => {
                answer
                    .response
                    .headers
                    .insert("x-request-id".to_owned(), id);
                Handled::Done(answer)
            }
            Ok(parked) => parked,
            Err(problem) => {
                let response = with_allowed(explain(*problem, &id), &request.path);
                done(response, Touched::Nobody)
            }
        }
    }

    /// Looks whether a wait has ended.
    #[must_use]
    pub fn again(&self, parked: &Parked) -> Option<Response> {
        match self.look(parked) {
            Ok(found) => found.map(|response| named(response, &parked.request_id)),
            Err(problem) => Some(explain(*problem, &parked.request_id)),
        }
    }

    /// Answers a wait that ran out.
    #[must_use]
    pub fn expire(&self, parked: &Parked) -> Response {
        match self.run_out(parked) {
            Ok(response) => named(response, &parked.request_id),
            Err(problem) => explain(*problem, &parked.request_id),
        }
    }

    /// Returns the store.
    #[must_use]
    pub fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// Returns the time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    pub(super) fn validator(&self) -> &dyn Validator {
        &*self.validator
    }

    /// What the server measures; nothing in a command.
    pub(super) fn metrics(&self) -> Option<&Metrics> {
        self.metrics.as_deref()
    }

    pub(super) fn notes(&self) -> Option<&dyn Notes> {
        self.notes.as_deref()
    }

    pub(super) fn keeper(&self) -> &Keeper {
        &self.keeper
    }

    pub(super) fn service(&self) -> ServiceMode {
        self.service
    }

    /// Describes a failure of the store.
    #[must_use]
    pub fn refused(&self, error: StoreError) -> Box<Problem> {
        refusal::of_store(error, self.now())
    }

    /// Turns a failure of the store into a problem document.
    pub(super) fn explained<T>(&self, result: Result<T, StoreError>) -> Result<T, Refusal> {
        result.map_err(|error| self.refused(error))
    }

    pub(super) fn find(&self, key: &GatewayRef) -> Result<GatewaySnapshot, Refusal> {
        self.explained(self.store.find(key))
    }

    /// Says who makes a change, and under which conditions.
    pub(super) fn change(&self, call: &Call<'_>) -> Result<ChangeContext, Refusal> {
        Ok(ChangeContext {
            actor: call.caller.actor.clone(),
            request_id: call.id.to_owned(),
            now: self.now(),
            if_match: super::input::if_match(call.request)?,
            idempotency_key: super::input::once(call.request)?,
        })
    }
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api")
            .field("service", &self.service)
            .finish_non_exhaustive()
    }
}

fn named(mut response: Response, id: &str) -> Response {
    response
        .headers
        .insert("x-request-id".to_owned(), id.to_owned());
    response
}

fn explain(problem: Problem, id: &str) -> Response {
    if problem.code.class() == ProblemCode::Internal.class()
        || problem.code == ProblemCode::StorageFailed
    {
        tracing::error!(request = id, code = %problem.code, detail = problem.detail, "request failed");
    }
    named(problem_response(problem, id), id)
}

impl From<Answer> for Response {
    fn from(answer: Answer) -> Self {
        answer.response
    }
}

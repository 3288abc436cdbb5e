//! The API over a store and a validator.

use std::fmt;
use std::sync::Arc;

use kt_control_api::{Gateway, GatewayId, Request, ServiceMode, Timestamp};

use super::background_writer::BackgroundWriter;
use super::backup_target::BackupTarget;
use super::error::{ApiError, from_store};
use super::input;
use super::principal::Principal;
use super::renewed_leases::RenewedLeases;
use crate::metrics::Metrics;
use crate::store::{
    AuditEvent, BackupDirectory, ChangeContext, DesiredState, GatewayRef, GatewaySnapshot, Store,
    StoreError, TokenUse,
};
use crate::validator::{ValidationResult, Validator};

/// Returns the current time. Tests use their own.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// The API. Cheap to clone.
#[derive(Clone)]
pub struct Api {
    store: Arc<dyn Store>,
    validator: Arc<dyn Validator>,
    clock: Clock,
    service: ServiceMode,
    metrics: Option<Arc<Metrics>>,
    backup_target: BackupTarget,
    background_writer: Option<Arc<dyn BackgroundWriter>>,
    renewed_leases: Option<Arc<RenewedLeases>>,
}

/// What a handler gets besides the path.
pub(super) struct RequestContext<'a> {
    pub(super) request: &'a Request,
    pub(super) caller: &'a Principal,
    pub(super) request_id: &'a str,
    /// The result of validating the configuration in the request, if that was done before.
    pub(super) validation: Option<&'a ValidationResult>,
}

impl Api {
    /// Returns the API. `service` is how it is reached, which callers can query.
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
            backup_target: BackupTarget::None,
            background_writer: None,
            renewed_leases: None,
        }
    }

    /// Returns the API with the system's clock.
    #[must_use]
    pub fn with_system_clock(
        store: Arc<dyn Store>,
        validator: Arc<dyn Validator>,
        service: ServiceMode,
    ) -> Self {
        Self::new(store, validator, Arc::new(Timestamp::now), service)
    }

    /// Sets the metrics of the server.
    pub(crate) fn with_metrics(mut self, metrics: Arc<Metrics>) -> Self {
        self.metrics = Some(metrics);
        self
    }

    /// Sets the backups of the server's store; `None` when the store is a database.
    pub(crate) fn with_backups(mut self, backups: Option<Arc<BackupDirectory>>) -> Self {
        self.backup_target = backups.map_or(BackupTarget::Database, BackupTarget::Directory);
        self
    }

    /// Sets what executes background writes, instead of the store itself.
    pub(crate) fn with_background_writer(mut self, writer: Arc<dyn BackgroundWriter>) -> Self {
        self.background_writer = Some(writer);
        self
    }

    /// Sets where leases are kept that are stored later. Without it every report is stored at once.
    pub(crate) fn with_renewed_leases(mut self, leases: Arc<RenewedLeases>) -> Self {
        self.renewed_leases = Some(leases);
        self
    }

    /// Returns this API with another connection to the same store.
    pub(crate) fn with_store(mut self, store: Arc<dyn Store>) -> Self {
        self.store = store;
        self
    }

    pub(super) fn background_writer(&self) -> Option<&dyn BackgroundWriter> {
        self.background_writer.as_deref()
    }

    pub(super) fn renewed_leases(&self) -> Option<&RenewedLeases> {
        self.renewed_leases.as_deref()
    }

    /// Returns the store.
    #[must_use]
    pub fn store(&self) -> &dyn Store {
        &*self.store
    }

    /// Returns the current time in microseconds, as the stores keep times: a response with the
    /// time of a change is the same as a later one.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        let now = (self.clock)();
        Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
    }

    pub(super) fn validator(&self) -> &dyn Validator {
        &*self.validator
    }

    /// Returns the metrics of the server; `None` in a command.
    pub(super) fn metrics(&self) -> Option<&Metrics> {
        self.metrics.as_deref()
    }

    pub(super) fn backup_target(&self) -> &BackupTarget {
        &self.backup_target
    }

    pub(super) fn service(&self) -> ServiceMode {
        self.service
    }

    /// Appends an event to the audit log. Blocks.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub(crate) fn record_audit_event(
        &self,
        change: ChangeContext,
        event: AuditEvent,
    ) -> Result<(), ApiError> {
        match &self.background_writer {
            Some(writer) => writer.record_audit_event(change, event),
            None => self.store_result(self.store.record_audit_event(&change, &event)),
        }
    }

    /// Stores when tokens were last used. Blocks.
    ///
    /// # Errors
    /// When the store cannot be written.
    pub(crate) fn record_token_uses(&self, uses: Vec<TokenUse>) -> Result<(), ApiError> {
        match &self.background_writer {
            Some(writer) => writer.record_token_uses(uses),
            None => self.store_result(self.store.record_token_uses(&uses)),
        }
    }

    /// Stores the states of all gateways whose stored state does not hold. Blocks.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub(crate) fn settle_states(&self) -> Result<(), ApiError> {
        let now = self.now();
        while self.store_result(self.store.has_unsettled_states(now))? {
            match &self.background_writer {
                Some(writer) => writer.settle_states(now)?,
                // The others are being settled by another server.
                None if !self.store_result(self.store.settle_states(now))? => break,
                None => {}
            }
        }
        Ok(())
    }

    /// Converts an error of the store.
    pub(crate) fn store_error(&self, error: StoreError) -> ApiError {
        from_store(error, self.now())
    }

    /// Converts the error of a result of the store.
    pub(super) fn store_result<T>(&self, result: Result<T, StoreError>) -> Result<T, ApiError> {
        result.map_err(|error| self.store_error(error))
    }

    /// Returns a gateway with its instances.
    pub(super) fn find(&self, key: &GatewayRef) -> Result<GatewaySnapshot, ApiError> {
        self.store_result(self.store.find(key))
    }

    /// Returns what is desired of a gateway.
    pub(super) fn desired_state(&self, key: &GatewayRef) -> Result<DesiredState, ApiError> {
        self.store_result(self.store.desired_state(key))
    }

    /// Returns a gateway as callers see it now.
    pub(super) fn gateway(&self, id: &GatewayId) -> Result<Gateway, ApiError> {
        Ok(self.find(&GatewayRef::Id(id.clone()))?.view(self.now()))
    }

    /// Returns the id of a gateway that the caller may read.
    pub(super) fn readable_gateway(
        &self,
        context: &RequestContext<'_>,
        key: &GatewayRef,
    ) -> Result<GatewayId, ApiError> {
        let gateway = self.desired_state(key)?.gateway.id;
        context.caller.require_gateway_read(&gateway)?;
        Ok(gateway)
    }

    /// Returns who makes a change, and under which preconditions.
    pub(super) fn change(&self, context: &RequestContext<'_>) -> Result<ChangeContext, ApiError> {
        Ok(ChangeContext {
            actor: context.caller.actor.clone(),
            request_id: context.request_id.to_owned(),
            now: self.now(),
            if_match: input::if_match(context.request)?,
            idempotency_key: input::idempotency_key(context.request)?,
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

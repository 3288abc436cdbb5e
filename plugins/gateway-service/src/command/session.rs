//! The common start of every command: the service, the checks of the user, and the
//! backend.

use super::ownership::OwnershipCheck;
use crate::context::{FAMILY, ServiceContext};
use crate::operation::lifecycle::not_installed;
use crate::record::{Lock, Record, Records};
use crate::system::{Environment, LocalRunner, LocalSystem, collect_system_info};
use kt_control_api::with_suggestion;
use kt_plugin_api::service::{INTERFACE, RemoteBackend, ServiceBackend, ServiceName};
use kt_plugin_api::{Class, Context, Error, Invocation};

/// One invocation of a command.
pub(crate) struct Session<'a, 'c> {
    pub(super) invocation: &'a Invocation,
    pub(super) context: &'a Context<'c>,
    pub(super) env: Environment,
    pub(super) runner: LocalRunner<'a, 'c>,
    pub(super) name: ServiceName,
    pub(super) records: Records,
}

impl<'a, 'c> Session<'a, 'c> {
    /// Creates the session of a command on the service `name`.
    pub(crate) fn new(
        invocation: &'a Invocation,
        context: &'a Context<'c>,
        name: &str,
    ) -> Result<Self, Error> {
        Ok(Self {
            invocation,
            context,
            env: Environment::read(),
            runner: LocalRunner::new(context),
            name: ServiceName::parse(name)?,
            records: Records::new(&invocation.dirs.state),
        })
    }

    /// Creates the session of a command on an existing service, which may also be named by
    /// the gateway that it runs.
    pub(super) fn of_service(
        invocation: &'a Invocation,
        context: &'a Context<'c>,
        name: &str,
    ) -> Result<Self, Error> {
        let session = Self::new(invocation, context, name);
        let runner = LocalRunner::new(context);
        let records = Records::new(&invocation.dirs.state);
        let names = records.names();
        if names.iter().any(|service| service == name) {
            return session;
        }
        let runs_it = |service: &&String| {
            let record = ServiceName::parse(service).map(|name| records.read(&runner, &name));
            let record = record.ok().and_then(Result::ok).flatten();
            record.is_some_and(|record| record.gateway_name == name || record.gateway_id == name)
        };
        match names.iter().filter(runs_it).collect::<Vec<_>>().as_slice() {
            [] => session,
            [service] => Self::new(invocation, context, service),
            several => {
                let services: Vec<String> = several.iter().map(|s| format!("`{s}`")).collect();
                let message = format!("several services run the gateway `{name}`");
                Err(Error::new(Class::Usage, "service-not-named", message)
                    .cause(format!("they are {}", services.join(", ")))
                    .hint("pass the name of one"))
            }
        }
    }

    /// Returns the error for a service that is not installed.
    pub(super) fn not_installed(&self) -> Error {
        let names = self.records.names();
        let error = not_installed(&self.name);
        with_suggestion(error, self.name.as_str(), names.iter().map(String::as_str))
    }

    /// Locks the service, after checking that this user may change it.
    pub(crate) fn lock(&self) -> Result<Lock, Error> {
        let ownership = OwnershipCheck::current_user(&self.runner);
        ownership.refuse_sudo(&self.env)?;
        ownership.refuse_foreign_session(self.env.runtime_dir.as_deref())?;
        ownership.refuse_foreign_state(&self.invocation.dirs.state)?;
        self.records.lock(&self.name)
    }

    pub(crate) fn record(&self) -> Result<Option<Record>, Error> {
        self.records.read(&self.runner, &self.name)
    }

    /// Opens the backend of the installed service, or the one that the host selects.
    pub(crate) fn open_backend(&self, record: Option<&Record>) -> Result<RemoteBackend<'c>, Error> {
        self.open_backend_or(None, record)
    }

    /// Opens the backend `requested`; otherwise as [`Self::open_backend`].
    pub(crate) fn open_backend_or(
        &self,
        requested: Option<&str>,
        record: Option<&Record>,
    ) -> Result<RemoteBackend<'c>, Error> {
        let name = requested.or(record.map(|r| r.backend.as_str()));
        self.context
            .open_provider(INTERFACE, name)
            .map(RemoteBackend)
            .map_err(|error| {
                error
                    .hint("`kt gateway run` runs a gateway in the foreground, under any supervisor")
            })
    }

    /// Creates the context of an operation.
    pub(crate) fn service_context<'d>(
        &'d self,
        backend: &'d dyn ServiceBackend,
        progress: &'d dyn Fn(&str),
    ) -> Result<ServiceContext<'d>, Error> {
        let home = &self.invocation.dirs.home;
        Ok(ServiceContext {
            description: backend.describe()?,
            backend,
            runner: &self.runner,
            system_info: collect_system_info(&self.env, home, &self.runner),
            dirs: self.invocation.dirs.clone(),
            records: self.records.clone(),
            system: &LocalSystem,
            family: FAMILY.to_owned(),
            progress,
        })
    }
}

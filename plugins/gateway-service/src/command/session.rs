//! What every command begins with: who runs it, for which service, over which
//! backend.

use super::owner::Owner;
use crate::desk::Desk;
use crate::environment::Environment;
use crate::machine::{Here, Machine};
use crate::record::{Lock, Record, Records};
use kt_plugin_api::service::execute::{ExecOutcome, Runner};
use kt_plugin_api::service::{INTERFACE, RemoteBackend, ServiceBackend, ServiceName, SystemInfo};
use kt_plugin_api::{Context, Error, Invocation};
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

/// The family of every service of these commands.
pub(super) const FAMILY: &str = "kt-gateway";
/// How long asking for the user's name may take.
const NAME_TIMEOUT: Duration = Duration::from_secs(5);

/// One invocation on this machine.
pub(super) struct Session<'a, 'c> {
    pub(super) invocation: &'a Invocation,
    pub(super) context: &'a Context<'c>,
    pub(super) env: Environment,
    pub(super) machine: Machine<'a, 'c>,
    pub(super) name: ServiceName,
    pub(super) records: Records,
}

impl<'a, 'c> Session<'a, 'c> {
    pub(super) fn begin(
        invocation: &'a Invocation,
        context: &'a Context<'c>,
    ) -> Result<Self, Error> {
        let name = invocation
            .args
            .text("service-name")
            .unwrap_or(ServiceName::DEFAULT);
        Ok(Self {
            invocation,
            context,
            env: Environment::read(),
            machine: Machine::new(context),
            name: ServiceName::parse(name)?,
            records: Records::new(&invocation.dirs.state),
        })
    }

    /// Takes the lock of the service, after refusing what must not change
    /// anything at all.
    pub(super) fn lock(&self) -> Result<Lock, Error> {
        let owner = Owner::me(&self.machine);
        owner.refuse_sudo(&self.env)?;
        owner.refuse_foreign_session(self.env.runtime_dir.as_deref())?;
        owner.refuse_foreign_state(&self.invocation.dirs.state)?;
        self.records.lock(&self.name)
    }

    pub(super) fn record(&self) -> Result<Option<Record>, Error> {
        self.records.read(&self.machine, &self.name)
    }

    /// Opens the backend: the wanted one, the one that installed the service,
    /// or the host's choice.
    pub(super) fn open(&self, record: Option<&Record>) -> Result<RemoteBackend<'c>, Error> {
        let wanted = self.invocation.args.text("backend");
        let name = wanted.or(record.map(|r| r.backend.as_str()));
        self.context
            .open_provider(INTERFACE, name)
            .map(RemoteBackend)
            .map_err(|error| {
                error
                    .hint("`kt gateway run` runs a gateway in the foreground, under any supervisor")
            })
    }

    /// Everything that an action works with.
    pub(super) fn desk<'d>(
        &'d self,
        backend: &'d dyn ServiceBackend,
        say: &'d dyn Fn(&str),
    ) -> Result<Desk<'d>, Error> {
        Ok(Desk {
            described: backend.describe()?,
            backend,
            runner: &self.machine,
            system: self.system(),
            dirs: self.invocation.dirs.clone(),
            records: self.records.clone(),
            here: &Here,
            family: FAMILY.to_owned(),
            say,
        })
    }

    fn system(&self) -> SystemInfo {
        system(&self.env, &self.invocation.dirs.home, &self.machine)
    }
}

/// What a backend needs to know of the machine and the person.
pub(crate) fn system(env: &Environment, home: &Path, runner: &dyn Runner) -> SystemInfo {
    SystemInfo {
        os: env
            .pretended_os
            .clone()
            .unwrap_or_else(|| std::env::consts::OS.to_owned()),
        uid: rustix::process::geteuid().as_raw(),
        user: user(runner),
        config_home: env
            .config_home
            .clone()
            .unwrap_or_else(|| home.join(".config")),
        home: home.to_owned(),
        runtime_dir: env.runtime_dir.clone(),
        supervisor_version: None,
    }
}

/// The user's name as the system's databases have it; a variable may lie.
fn user(runner: &dyn Runner) -> String {
    let argv = ["id", "-un"].map(str::to_owned);
    match runner.run(&argv, &BTreeMap::new(), NAME_TIMEOUT) {
        ExecOutcome::Exited {
            code: Some(0),
            stdout,
            ..
        } => stdout.trim().to_owned(),
        _ => String::new(),
    }
}

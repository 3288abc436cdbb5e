//! What every check works with.

use super::answer::Request;
use super::mortal::Mortal;
use super::set_up::{SetUp, free_ports};
use crate::control::{self, InstanceStatus};
use crate::desk::Desk;
use crate::environment::Environment;
use crate::files::Leave;
use crate::install::{self, Installed, Wanted};
use crate::machine::{Here, Machine};
use crate::record::{Record, Records};
use crate::run::{self, Acted};
use crate::spec::{self, Wish};
use crate::uninstall::{self, Wishes};
use crate::world;
use kt_plugin_api::service::execute::Runner;
use kt_plugin_api::service::{
    Action, Description, InspectRequest, InspectTarget as ProbeAction, ServiceBackend, ServiceName,
    ServiceSpec, ServiceStatus, SystemInfo,
};
use kt_plugin_api::{Error, Invocation};
use std::cell::Cell;
use std::time::Duration;

/// Words that quoting gets wrong, as one argument.
pub(super) const HOSTILE: &str = "a b %h $HOME ${HOME} \"q\" 'q' \\ ; & ü";
/// What the services of the test are called first, as every gateway's.
const FAMILY: &str = "kt-gateway";
/// How long a gateway may take to become ready.
const PATIENCE: Duration = Duration::from_secs(60);
/// Seconds: short, so that a hang is found while one waits.
const WATCHDOG_S: u32 = 3;
const STOP_S: u32 = 5;
/// Between two looks while waiting.
const PAUSE: Duration = Duration::from_millis(50);

/// A service of the test.
pub(super) struct InspectTarget {
    pub(super) name: ServiceName,
    pub(super) gateway: String,
    ports: (u16, u16),
}

/// Everything that a check needs.
pub(super) struct Kit<'a, 'c> {
    pub(super) backend: &'a dyn ServiceBackend,
    pub(super) machine: &'a Machine<'a, 'c>,
    pub(super) described: Description,
    pub(super) provider: String,
    pub(super) set_up: SetUp,
    pub(super) main: InspectTarget,
    pub(super) other: InspectTarget,
    system: SystemInfo,
    say: &'a dyn Fn(&str),
    /// Arguments that the wanted service gets on top.
    pub(super) more: Cell<&'static [&'static str]>,
}

impl<'a, 'c> Kit<'a, 'c> {
    pub(super) fn new(
        backend: &'a dyn ServiceBackend,
        machine: &'a Machine<'a, 'c>,
        request: &Request,
        say: &'a dyn Fn(&str),
    ) -> Result<Self, Error> {
        let word = format!("t{:x}", std::process::id());
        let set_up = SetUp::make(&request.invocation, &word)?;
        let subject = |suffix: &str| -> Result<InspectTarget, Error> {
            let name = format!("{word}{suffix}");
            Ok(InspectTarget {
                gateway: set_up.gateway(machine, &name)?,
                name: ServiceName::parse(&name)?,
                ports: free_ports().ok_or_else(|| Error::internal("no free ports"))?,
            })
        };
        let (main, other) = (subject("")?, subject("-b")?);
        let mut env = Environment::read();
        env.pretended_os.clone_from(&request.pretend_os);
        Ok(Self {
            described: backend.describe()?,
            backend,
            machine,
            provider: request.provider.clone(),
            system: crate::command::system(&env, &request.invocation.dirs.home, machine),
            set_up,
            main,
            other,
            say,
            more: Cell::new(&[]),
        })
    }

    pub(super) fn invocation(&self) -> &Invocation {
        &self.set_up.invocation
    }

    pub(super) fn say(&self, text: &str) {
        (self.say)(text);
    }

    /// A desk over `runner`, on which the service manager has been found.
    pub(super) fn desk<'k>(&'k self, runner: &'k dyn Runner) -> Desk<'k> {
        let mut desk = Desk {
            backend: self.backend,
            described: self.described.clone(),
            runner,
            system: self.system.clone(),
            dirs: self.invocation().dirs.clone(),
            records: Records::new(&self.invocation().dirs.state),
            here: &Here,
            family: FAMILY.to_owned(),
            say: &|_| {},
        };
        desk.look_ahead();
        desk
    }

    /// The service as it is to be.
    pub(super) fn spec(&self, subject: &InspectTarget) -> Result<ServiceSpec, Error> {
        let desk = self.desk(self.machine);
        let address = |port: u16| Some(format!("127.0.0.1:{port}"));
        let wish = Wish {
            id: subject.gateway.clone(),
            listen: address(subject.ports.0),
            admin_listen: address(subject.ports.1),
            executable: self.set_up.kt.clone(),
        };
        let mut spec = spec::spec(self.invocation(), &desk, &subject.name, &wish)?;
        spec.exec
            .extend(["--upstream-api-key-prefix", HOSTILE].map(str::to_owned));
        spec.exec
            .extend(self.more.get().iter().map(|w| (*w).to_owned()));
        spec.environment
            .push(("KT_TEST_HOSTILE".to_owned(), HOSTILE.to_owned()));
        spec.watchdog_s = WATCHDOG_S;
        spec.stop_timeout_s = STOP_S;
        Ok(spec)
    }

    pub(super) fn wanted(&self, subject: &InspectTarget) -> Result<Wanted, Error> {
        let desk = self.desk(self.machine);
        let spec = self.spec(subject)?;
        let runtime_dir = world::runtime_dir(&desk.dirs, &desk.system);
        Ok(Wanted {
            record: Record {
                gateway_id: subject.gateway.clone(),
                gateway_name: subject.name.to_string(),
                kt_version: self.invocation().host_version.clone(),
                listen: Some(format!("127.0.0.1:{}", subject.ports.0)),
                admin_listen: Some(format!("127.0.0.1:{}", subject.ports.1)),
                ..Record::new(&self.provider, spec, runtime_dir)
            },
            start: true,
            // Other services of the person are not the test's business.
            boot: false,
            refresh: false,
            leave: Leave::default(),
            patience: PATIENCE,
        })
    }

    pub(super) fn record(&self, subject: &InspectTarget) -> Option<Record> {
        let records = Records::new(&self.invocation().dirs.state);
        records.read(self.machine, &subject.name).ok()?
    }

    pub(super) fn install(&self, subject: &InspectTarget) -> Result<Installed, Error> {
        self.install_as(&self.wanted(subject)?, subject)
    }

    pub(super) fn install_as(
        &self,
        wanted: &Wanted,
        subject: &InspectTarget,
    ) -> Result<Installed, Error> {
        let before = self.record(subject);
        install::install(&mut self.desk(self.machine), wanted, before.as_ref())
    }

    pub(super) fn act(&self, subject: &InspectTarget, action: Action) -> Result<Acted, Error> {
        let record = self
            .record(subject)
            .ok_or_else(|| run::not_installed(&subject.name))?;
        run::act(&mut self.desk(self.machine), &record, action, PATIENCE)
    }

    pub(super) fn uninstall(&self, subject: &InspectTarget) -> Result<(), Error> {
        self.uninstall_over(self.machine, subject)
    }

    pub(super) fn uninstall_over(
        &self,
        runner: &dyn Runner,
        subject: &InspectTarget,
    ) -> Result<(), Error> {
        let Some(record) = self.record(subject) else {
            return Ok(());
        };
        let wishes = Wishes {
            force: true,
            purge: true,
        };
        uninstall::uninstall(&mut self.desk(runner), &record, wishes).map(drop)
    }

    pub(super) fn observe(&self, subject: &InspectTarget) -> Result<ServiceStatus, Error> {
        self.desk(self.machine).observe(&subject.name)
    }

    /// What the gateway says of itself.
    pub(super) fn gateway(&self, subject: &InspectTarget) -> Option<InstanceStatus> {
        let socket = control::socket(&self.invocation().dirs.runtime, &subject.gateway);
        control::ask(&socket).ok()
    }

    /// The process that answers for the gateway and is ready.
    pub(super) fn ready_pid(&self, subject: &InspectTarget) -> Option<u64> {
        let gateway = self.gateway(subject)?;
        gateway
            .number("/pid")
            .filter(|_| gateway.flag("/ready") == Some(true))
    }

    /// Asks `probe` until it answers.
    ///
    /// # Errors
    /// What was waited for, in vain.
    pub(super) fn until<T>(
        &self,
        what: &str,
        seconds: u64,
        mut probe: impl FnMut() -> Option<T>,
    ) -> Result<T, String> {
        let end = self.machine.now() + Duration::from_secs(seconds);
        loop {
            if let Some(answer) = probe() {
                return Ok(answer);
            }
            self.machine.check_cancelled().map_err(|e| e.to_string())?;
            if self.machine.now() >= end {
                return Err(format!("waited {seconds} s in vain until {what}"));
            }
            self.machine.sleep(PAUSE);
        }
    }

    /// Sends a signal to a process of the test.
    pub(super) fn signal(&self, pid: u64, signal: rustix::process::Signal) -> Result<(), String> {
        let pid = i32::try_from(pid)
            .ok()
            .and_then(rustix::process::Pid::from_raw)
            .ok_or("the gateway names no process")?;
        rustix::process::kill_process(pid, signal).map_err(|e| e.to_string())
    }

    /// A runner that dies after `changes`.
    pub(super) fn mortal(&self, changes: u32) -> Mortal<'_> {
        let mortal = Mortal::after(changes, self.machine);
        for subject in [
            ProbeAction::Supervisor,
            ProbeAction::Service {
                family: FAMILY.to_owned(),
                name: self.main.name.clone(),
            },
        ] {
            let system = self.desk(self.machine).system;
            let request = InspectRequest {
                target: subject,
                system,
            };
            if let Ok(probes) = self.backend.inspect(&request) {
                mortal.note(&probes);
            }
        }
        mortal
    }

    /// The port on which a service's gateway serves.
    pub(super) fn port(&self, subject: &InspectTarget) -> u16 {
        subject.ports.0
    }
}

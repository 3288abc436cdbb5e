//! The context of the checks: the backend, the test services, and the operations on them.

use super::fault_runner::FaultRunner;
use super::outcome::Mismatch;
use super::run_log::RunLog;
use super::test_environment::{TestEnvironment, free_ports};
use crate::context::{FAMILY, ServiceContext};
use crate::operation::install::{self, InstallOutcome, InstallRequest};
use crate::operation::lifecycle::{ActionOutcome, not_installed, perform};
use crate::operation::overwrite::OverwritePolicy;
use crate::operation::uninstall::{UninstallOptions, uninstall};
use crate::record::{Record, Records};
use crate::spec::{self, SpecOptions, runtime_dir};
use crate::system::admin_socket::{InstanceStatus, query_status};
use crate::system::{Environment, LocalSystem, collect_system_info};
use kt_control_api::admin_socket;
use kt_plugin_api::plugin_test::{TestFailure, TestRequest};
use kt_plugin_api::service::execute::Runner;
use kt_plugin_api::service::{
    Action, Description, InspectRequest, InspectTarget, ServiceBackend, ServiceName, ServiceSpec,
    ServiceStatus, SystemInfo,
};
use kt_plugin_api::{Error, Invocation};
use std::cell::{Cell, RefCell};
use std::time::Duration;

/// An argument with all characters that are commonly quoted incorrectly.
pub(super) const HOSTILE: &str = "a b %h $HOME ${HOME} \"q\" 'q' \\ ; & ü";
/// The time limit for a gateway to become ready.
const TIMEOUT: Duration = Duration::from_secs(60);
/// Seconds. Short, so that the check of a hung gateway is fast.
const WATCHDOG_S: u32 = 3;
const STOP_S: u32 = 5;
const POLL_INTERVAL: Duration = Duration::from_millis(50);

/// A service of the test.
pub(super) struct TestService {
    pub(super) name: ServiceName,
    pub(super) gateway_id: String,
    /// The ports for requests and for health.
    ports: (u16, u16),
}

impl TestService {
    /// Returns the port on which the gateway serves requests.
    pub(super) fn port(&self) -> u16 {
        self.ports.0
    }
}

/// The context of the checks.
pub(super) struct TestContext<'a> {
    pub(super) backend: &'a dyn ServiceBackend,
    pub(super) runner: RunLog<'a>,
    pub(super) description: Description,
    pub(super) provider: String,
    pub(super) environment: TestEnvironment,
    pub(super) main: TestService,
    pub(super) other: TestService,
    system_info: SystemInfo,
    progress: &'a dyn Fn(&str),
    /// Additional arguments of the gateway.
    pub(super) extra_args: Cell<&'static [&'static str]>,
    /// The step that the current check performs.
    current_step: RefCell<String>,
}

impl<'a> TestContext<'a> {
    pub(super) fn new(
        backend: &'a dyn ServiceBackend,
        runner: &'a dyn Runner,
        request: &TestRequest,
        progress: &'a dyn Fn(&str),
    ) -> Result<Self, Error> {
        let prefix = format!("t{:x}", std::process::id());
        let environment = TestEnvironment::create(&request.invocation, &prefix)?;
        let test_service = |suffix: &str| -> Result<TestService, Error> {
            let name = format!("{prefix}{suffix}");
            Ok(TestService {
                gateway_id: environment.create_gateway(runner, &name)?,
                name: ServiceName::parse(&name)?,
                ports: free_ports().ok_or_else(|| Error::internal("no free ports"))?,
            })
        };
        let (main, other) = (test_service("")?, test_service("-b")?);
        let mut env = Environment::read();
        env.os_override.clone_from(&request.pretend_os);
        Ok(Self {
            description: backend.describe()?,
            backend,
            runner: RunLog::new(runner),
            provider: request.provider.clone(),
            system_info: collect_system_info(&env, &request.invocation.dirs.home, runner),
            environment,
            main,
            other,
            progress,
            extra_args: Cell::new(&[]),
            current_step: RefCell::default(),
        })
    }

    pub(super) fn invocation(&self) -> &Invocation {
        &self.environment.invocation
    }

    /// Begins a step of a check; a failure names it.
    pub(super) fn step(&self, step: &str) {
        step.clone_into(&mut self.current_step.borrow_mut());
    }

    /// Begins a check: forgets the steps and changes of the one before.
    pub(super) fn begin(&self, id: &str) {
        self.step(id);
        self.runner.clear();
    }

    /// Describes the failure of the current step: what was expected and found, the state
    /// of the service now, and the last changes.
    pub(super) fn failure(&self, mismatch: Mismatch) -> TestFailure {
        let step = self.current_step.borrow().clone();
        let commands = self.runner.lines();
        TestFailure {
            state: self.state(),
            commands,
            ..TestFailure::new(step, mismatch.expected, mismatch.found)
        }
    }

    /// Describes the main service, as far as it can be observed.
    fn state(&self) -> Vec<String> {
        let observed = match self.observe(&self.main) {
            Ok(status) => format!(
                "`observe`: state {:?} (`{}`), installed {:?}, enabled {:?}, pid {:?}",
                status.active_state, status.sub_state, status.installed, status.enabled, status.pid
            ),
            Err(error) => format!("`observe` fails: {error}"),
        };
        let gateway = match self.instance_status(&self.main) {
            Some(status) => format!(
                "the gateway responds: process {:?}, ready {:?}",
                status.number("/pid"),
                status.flag("/ready")
            ),
            None => "the gateway does not respond".to_owned(),
        };
        let files = self.record(&self.main).map(|r| r.files).unwrap_or_default();
        let files = files.iter().map(|file| {
            let state = match self.runner.read(&file.path) {
                Ok(Some(bytes)) if bytes == file.content.as_bytes() => "as recorded",
                Ok(Some(_)) => "not as recorded",
                Ok(None) => "does not exist",
                Err(_) => "cannot be read",
            };
            format!("`{}`: {state}", file.path.display())
        });
        [observed, gateway].into_iter().chain(files).collect()
    }

    pub(super) fn progress(&self, text: &str) {
        (self.progress)(text);
    }

    /// Creates a service context over `runner`, with the information about the service manager.
    pub(super) fn service_context<'k>(&'k self, runner: &'k dyn Runner) -> ServiceContext<'k> {
        let mut service = ServiceContext {
            backend: self.backend,
            description: self.description.clone(),
            runner,
            system_info: self.system_info.clone(),
            dirs: self.invocation().dirs.clone(),
            records: Records::new(&self.invocation().dirs.state),
            system: &LocalSystem,
            family: FAMILY.to_owned(),
            progress: &|_| {},
        };
        service.detect_if_available();
        service
    }

    /// Builds the specification of a test service.
    pub(super) fn spec(&self, target: &TestService) -> Result<ServiceSpec, Error> {
        let service = self.service_context(&self.runner);
        let address = |port: u16| Some(format!("127.0.0.1:{port}"));
        let options = SpecOptions {
            gateway_id: target.gateway_id.clone(),
            listen: address(target.ports.0),
            admin_listen: address(target.ports.1),
            allow_remote: false,
            executable: self.environment.kt.clone(),
        };
        let mut spec = spec::build(self.invocation(), &service, &target.name, &options)?;
        spec.exec
            .extend(["--upstream-api-key-prefix", HOSTILE].map(str::to_owned));
        spec.exec
            .extend(self.extra_args.get().iter().map(|w| (*w).to_owned()));
        spec.environment
            .push(("KT_TEST_HOSTILE".to_owned(), HOSTILE.to_owned()));
        spec.watchdog_s = WATCHDOG_S;
        spec.stop_timeout_s = STOP_S;
        Ok(spec)
    }

    pub(super) fn request(&self, target: &TestService) -> Result<InstallRequest, Error> {
        let service = self.service_context(&self.runner);
        let spec = self.spec(target)?;
        let runtime_dir = runtime_dir(&service.dirs, &service.system_info);
        Ok(InstallRequest {
            record: Record {
                gateway_id: target.gateway_id.clone(),
                gateway_name: target.name.to_string(),
                kt_version: self.invocation().host_version.clone(),
                listen: Some(format!("127.0.0.1:{}", target.ports.0)),
                admin_listen: Some(format!("127.0.0.1:{}", target.ports.1)),
                ..Record::new(&self.provider, spec, runtime_dir)
            },
            start: true,
            // Lingering would affect the other services of the user.
            boot: false,
            refresh: false,
            overwrite: OverwritePolicy::default(),
            timeout: TIMEOUT,
        })
    }

    pub(super) fn record(&self, target: &TestService) -> Option<Record> {
        let records = Records::new(&self.invocation().dirs.state);
        records.read(&self.runner, &target.name).ok()?
    }

    pub(super) fn install(&self, target: &TestService) -> Result<InstallOutcome, Error> {
        self.install_with(&self.request(target)?, target)
    }

    pub(super) fn install_with(
        &self,
        request: &InstallRequest,
        target: &TestService,
    ) -> Result<InstallOutcome, Error> {
        let previous = self.record(target);
        let mut service = self.service_context(&self.runner);
        install::install(&mut service, request, previous.as_ref())
    }

    pub(super) fn perform(
        &self,
        target: &TestService,
        action: Action,
    ) -> Result<ActionOutcome, Error> {
        let record = self
            .record(target)
            .ok_or_else(|| not_installed(&target.name))?;
        let mut service = self.service_context(&self.runner);
        perform(&mut service, &record, action, TIMEOUT)
    }

    pub(super) fn uninstall(&self, target: &TestService) -> Result<(), Error> {
        self.uninstall_with(&self.runner, target)
    }

    pub(super) fn uninstall_with(
        &self,
        runner: &dyn Runner,
        target: &TestService,
    ) -> Result<(), Error> {
        let Some(record) = self.record(target) else {
            return Ok(());
        };
        let options = UninstallOptions {
            force: true,
            purge: true,
        };
        uninstall(&mut self.service_context(runner), &record, options).map(drop)
    }

    pub(super) fn observe(&self, target: &TestService) -> Result<ServiceStatus, Error> {
        self.service_context(&self.runner).observe(&target.name)
    }

    /// Queries the status of the gateway.
    pub(super) fn instance_status(&self, target: &TestService) -> Option<InstanceStatus> {
        let runtime_dir = &self.invocation().dirs.runtime;
        let socket = admin_socket(runtime_dir, &target.gateway_id);
        query_status(&socket).ok()
    }

    /// Returns the process that serves the gateway, if it is ready.
    pub(super) fn ready_pid(&self, target: &TestService) -> Option<u64> {
        let status = self.instance_status(target)?;
        status
            .number("/pid")
            .filter(|_| status.flag("/ready") == Some(true))
    }

    /// Polls `probe` until it returns a value.
    ///
    /// # Errors
    /// A timeout, with the condition `what`.
    pub(super) fn wait_until<T>(
        &self,
        what: &str,
        seconds: u64,
        mut probe: impl FnMut() -> Option<T>,
    ) -> Result<T, Mismatch> {
        let deadline = self.runner.now() + Duration::from_secs(seconds);
        loop {
            if let Some(value) = probe() {
                return Ok(value);
            }
            self.runner.check_cancelled()?;
            if self.runner.now() >= deadline {
                let expected = format!("{what}, within {seconds} s");
                return Err(Mismatch::new(expected, "it was not the case"));
            }
            self.runner.sleep(POLL_INTERVAL);
        }
    }

    /// Sends a signal to a process of the test.
    pub(super) fn signal(&self, pid: u64, signal: rustix::process::Signal) -> Result<(), Mismatch> {
        let pid = i32::try_from(pid)
            .ok()
            .and_then(rustix::process::Pid::from_raw)
            .ok_or("the gateway reports an invalid process ID")?;
        Ok(rustix::process::kill_process(pid, signal).map_err(std::io::Error::from)?)
    }

    /// Returns a runner that is interrupted after `changes`.
    pub(super) fn fault_runner(&self, changes: u32) -> FaultRunner<'_> {
        let runner = FaultRunner::interrupt_after(changes, &self.runner);
        for target in [
            InspectTarget::Supervisor,
            InspectTarget::Service {
                family: FAMILY.to_owned(),
                name: self.main.name.clone(),
            },
        ] {
            let system = self.service_context(&self.runner).system_info;
            let request = InspectRequest { target, system };
            if let Ok(probes) = self.backend.inspect(&request) {
                runner.allow_probes(&probes);
            }
        }
        runner
    }
}

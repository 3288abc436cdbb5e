//! Test fixtures: a validator with one rule, a clock that tests advance, and a client that calls
//! the API directly.

use std::io::PipeWriter;
use std::os::fd::AsFd as _;
use std::path::Path;
use std::sync::{Arc, Mutex, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use kt_cancellation::Cancellation;
use kt_control_api::{
    AppliedVersion, Client, ConfigSource, ContentHash, CreateGatewayRequest, Gateway, InstanceId,
    ProblemItem, ProcessIdentity, Rejection, ReloadRequest, Request, Response, ServiceMode,
    StatusReport, Timestamp, Transport, TransportError,
};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::api::{Api, Principal, Reply, streaming_unsupported};
use crate::serve::{MAX_REQUESTS_PER_SECOND, ServeError, ServeOptions, ServerInfo, serve};
use crate::store::{DATABASE_FILE, SqliteStore};
use crate::validator::{ConfigComparison, NamedContent, ValidationResult, Validator};

/// Accepts any text without the word `bad`, and ignores comments.
pub(crate) struct LineValidator;

impl Validator for LineValidator {
    fn check(&self, name: &str, text: &str) -> ValidationResult {
        let mut hash = Sha256::new();
        for (number, line) in (1..).zip(text.lines()) {
            if line.contains("bad") {
                let item = ProblemItem::at("/line", "invalid-line", "this line is bad");
                return Err(vec![ProblemItem {
                    file: Some(name.to_owned()),
                    line: Some(number),
                    ..item
                }]);
            }
            hash.update(line.split('#').next().unwrap_or_default().trim());
        }
        Ok(ContentHash::from_bytes(hash.finalize().into()))
    }

    fn compare(
        &self,
        from: NamedContent<'_>,
        to: NamedContent<'_>,
    ) -> Result<ConfigComparison, Vec<ProblemItem>> {
        self.check(from.0, from.1)?;
        self.check(to.0, to.1)?;
        Ok(ConfigComparison {
            same: from.1 == to.1,
            diff: serde_json::json!({}),
            unified: format!("-{}+{}", from.1, to.1),
        })
    }
}

/// The API with a store of its own.
pub(crate) struct TestApi {
    pub(crate) directory: TempDir,
    pub(crate) api: Api,
    now: Arc<Mutex<Timestamp>>,
}

/// Calls the API as a given caller. A long poll is evaluated once more, and then times out.
pub(crate) struct DirectTransport {
    api: Api,
    caller: Principal,
}

impl Transport for DirectTransport {
    fn send(&self, request: &Request) -> Result<Response, TransportError> {
        Ok(match self.api.handle(request, &self.caller) {
            Reply::Complete(complete) => complete.response,
            Reply::EventStream(_) | Reply::AuditExport(_) => streaming_unsupported(),
            Reply::LongPoll(poll) => self
                .api
                .poll(&poll)
                .unwrap_or_else(|| self.api.poll_timed_out(&poll)),
        })
    }
}

impl TestApi {
    pub(crate) fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&directory.path().join(DATABASE_FILE)).unwrap();
        let now = Arc::new(Mutex::new("2026-11-23T12:00:00Z".parse().unwrap()));
        let clock = Arc::clone(&now);
        let api = Api::new(
            Arc::new(store),
            Arc::new(LineValidator),
            Arc::new(move || *clock.lock().unwrap()),
            ServiceMode::Server,
        );
        Self {
            directory,
            api,
            now,
        }
    }

    pub(crate) fn client(&self) -> Client<DirectTransport> {
        self.client_as(Principal::local_user(0))
    }

    pub(crate) fn client_as(&self, caller: Principal) -> Client<DirectTransport> {
        Client::new(DirectTransport {
            api: self.api.clone(),
            caller,
        })
    }

    pub(crate) fn send(&self, request: &Request) -> Response {
        self.client().transport().send(request).unwrap()
    }

    /// Counts the rows of a table in the file of the store.
    pub(crate) fn count(&self, table: &str) -> u64 {
        let path = self.directory.path().join(DATABASE_FILE);
        let connection = rusqlite::Connection::open(path).unwrap();
        let sql = format!("SELECT count(*) FROM {table}");
        connection.query_row(&sql, [], |row| row.get(0)).unwrap()
    }

    pub(crate) fn advance(&self, time: Duration) {
        *self.now.lock().unwrap() += time;
    }

    /// Returns an API with gateway `edge`, whose versions are `one`, `two` and `three`.
    pub(crate) fn with_three_versions() -> Self {
        let test_api = Self::new();
        test_api.edge();
        for text in ["two\n", "three\n"] {
            test_api
                .client()
                .reload("edge", &content(text), None)
                .unwrap();
        }
        test_api
    }

    /// Registers gateway `edge` with the content `one`.
    pub(crate) fn edge(&self) -> Gateway {
        let new = CreateGatewayRequest {
            name: "edge".to_owned(),
            content: Some("one\n".to_owned()),
            ..CreateGatewayRequest::default()
        };
        self.client().create_gateway(&new).unwrap().gateway
    }
}

/// Returns a reload with content.
pub(crate) fn content(text: &str) -> ReloadRequest {
    ReloadRequest {
        content: Some(text.to_owned()),
        ..ReloadRequest::default()
    }
}

/// Returns the report of an instance that has just started.
pub(crate) fn report(seq: u64) -> StatusReport {
    StatusReport {
        instance_id: "in_aaaaaaaaaaaaaaaa".parse::<InstanceId>().unwrap(),
        seq,
        process: ProcessIdentity::default(),
        started_at: Timestamp::UNIX_EPOCH,
        lease_seconds: 30,
        binary: Some("kt 0.1.0".to_owned()),
        listen: None,
        source: ConfigSource::ControlPlane,
        observed: None,
        applied: None,
        rejection: None,
        halt: None,
        stopping: false,
    }
}

/// Returns the report of an instance that has applied the desired version.
pub(crate) fn serving(seq: u64, gateway: &Gateway) -> StatusReport {
    let desired = gateway.desired.as_ref().unwrap();
    let applied = AppliedVersion {
        version: Some(desired.version),
        sha256: desired.sha256,
        generation: gateway.generation,
        at: Timestamp::UNIX_EPOCH,
    };
    StatusReport {
        applied: Some(applied),
        ..report(seq)
    }
}

/// Returns the report with a rejection of the desired version.
pub(crate) fn rejecting(report: StatusReport, gateway: &Gateway) -> StatusReport {
    let rejection = Rejection {
        code: "too-big".to_owned(),
        message: "a pattern is too big".to_owned(),
        pointer: Some("/policies/0".to_owned()),
        file: Some("policy-config.yaml".to_owned()),
        line: Some(3),
        column: Some(5),
        version: gateway.desired.as_ref().map(|desired| desired.version),
        generation: gateway.generation,
        at: Timestamp::UNIX_EPOCH,
    };
    StatusReport {
        rejection: Some(rejection),
        ..report
    }
}

/// A server in a thread of the test, which is stopped on drop.
pub(crate) struct TestServer {
    pub(crate) info: ServerInfo,
    /// Closed to stop the server.
    stop: Option<PipeWriter>,
    thread: Option<JoinHandle<Result<(), ServeError>>>,
}

impl TestServer {
    pub(crate) fn start(directory: &Path) -> Self {
        Self::start_with(Self::options(directory)).unwrap()
    }

    /// Starts a server with a limit of requests per token and second.
    pub(crate) fn limited(directory: &Path, per_second: u32) -> Self {
        let options = ServeOptions {
            max_requests_per_second: per_second,
            ..Self::options(directory)
        };
        Self::start_with(options).unwrap()
    }

    pub(crate) fn options(directory: &Path) -> ServeOptions {
        ServeOptions {
            directory: directory.to_owned(),
            database: None,
            listen: "127.0.0.1:0".parse().unwrap(),
            tls: None,
            admin_token_file: None,
            max_requests_per_second: MAX_REQUESTS_PER_SECOND,
            backups: None,
        }
    }

    pub(crate) fn start_with(options: ServeOptions) -> Result<Self, ServeError> {
        let (stopped, stop) = std::io::pipe().unwrap();
        let (sender, started) = mpsc::channel();
        let thread = thread::spawn(move || {
            let mut send = |info: &ServerInfo| sender.send(info.clone()).unwrap();
            let stop = Cancellation::new(Some(stopped.as_fd()), None);
            serve(&options, Arc::new(LineValidator), &mut send, stop)
        });
        match started.recv() {
            Ok(info) => Ok(Self {
                info,
                stop: Some(stop),
                thread: Some(thread),
            }),
            Err(_) => Err(thread.join().unwrap().unwrap_err()),
        }
    }

    pub(crate) fn stop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap().unwrap();
        }
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        self.stop();
    }
}

//! What the tests of this crate share: a validator with rules of one line, a clock that stands
//! still, and a client that calls the API directly.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use kt_control_api::{
    AppliedVersion, Client, ConfigSource, ContentHash, CreateGatewayRequest, Gateway, InstanceId,
    ProblemItem, ProcessIdentity, Rejection, ReloadRequest, Request, Response, ServiceMode,
    StatusReport, Timestamp, Transport, TransportError,
};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use crate::api::{Api, Handled, Principal, needs_server};
use crate::serve::{DEFAULT_PER_SECOND, ServeError, ServeOptions, Started, serve};
use crate::store::{DATABASE_FILE, SqliteStore};
use crate::validator::{ConfigComparison, NamedContent, Validator};

/// Takes any text without the word `bad`; comments mean nothing.
pub(crate) struct LineValidator;

impl Validator for LineValidator {
    fn check(&self, name: &str, text: &str) -> Result<ContentHash, Vec<ProblemItem>> {
        let mut hash = Sha256::new();
        for (number, line) in (1..).zip(text.lines()) {
            if line.contains("bad") {
                let item = ProblemItem::at("/line", "bad-line", "this line is bad");
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

/// The API over a store of its own.
pub(crate) struct TestApi {
    pub(crate) directory: TempDir,
    pub(crate) api: Api,
    now: Arc<Mutex<Timestamp>>,
}

/// Calls the API as somebody. A request that would wait is looked at once more and then expires.
pub(crate) struct DirectTransport {
    api: Api,
    caller: Principal,
}

impl Transport for DirectTransport {
    fn send(&self, request: &Request) -> Result<Response, TransportError> {
        Ok(match self.api.begin(request, &self.caller) {
            Handled::Done(answer) => answer.response,
            Handled::Following(_) | Handled::Sending(_) => needs_server(),
            Handled::Parked(parked) => self
                .api
                .again(&parked)
                .unwrap_or_else(|| self.api.expire(&parked)),
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

    /// Looks at the store's file behind its back.
    pub(crate) fn count(&self, table: &str) -> u64 {
        let path = self.directory.path().join(DATABASE_FILE);
        let connection = rusqlite::Connection::open(path).unwrap();
        let sql = format!("SELECT count(*) FROM {table}");
        connection.query_row(&sql, [], |row| row.get(0)).unwrap()
    }

    pub(crate) fn advance(&self, time: Duration) {
        *self.now.lock().unwrap() += time;
    }

    /// With gateway `edge`, whose versions are `one`, `two` and `three`.
    pub(crate) fn with_three_versions() -> Self {
        let bench = Self::new();
        bench.edge();
        for text in ["two\n", "three\n"] {
            bench.client().reload("edge", &content(text), None).unwrap();
        }
        bench
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

/// Content for a reload.
pub(crate) fn content(text: &str) -> ReloadRequest {
    ReloadRequest {
        content: Some(text.to_owned()),
        ..ReloadRequest::default()
    }
}

/// The report of an instance that has just started.
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
        stopping: false,
    }
}

/// The report of an instance that serves what is desired.
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

/// The same report, refusing what is desired.
pub(crate) fn refusing(report: StatusReport, gateway: &Gateway) -> StatusReport {
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

/// A server in a thread of the test. Ends with the value.
pub(crate) struct TestServer {
    pub(crate) started: Started,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Result<(), ServeError>>>,
}

impl TestServer {
    pub(crate) fn start(directory: &Path) -> Self {
        Self::start_with(Self::options(directory)).unwrap()
    }

    /// Starts a server that allows each token so many requests a second.
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
            max_requests_per_second: DEFAULT_PER_SECOND,
            backups: None,
        }
    }

    pub(crate) fn start_with(options: ServeOptions) -> Result<Self, ServeError> {
        let stop = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&stop);
        let (told, started) = mpsc::channel();
        let thread = thread::spawn(move || {
            let mut tell = |started: &Started| told.send(started.clone()).unwrap();
            serve(&options, Arc::new(LineValidator), &mut tell, &|| {
                asked.load(Ordering::SeqCst)
            })
        });
        match started.recv() {
            Ok(started) => Ok(Self {
                started,
                stop,
                thread: Some(thread),
            }),
            Err(_) => Err(thread.join().unwrap().unwrap_err()),
        }
    }

    pub(crate) fn stop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
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

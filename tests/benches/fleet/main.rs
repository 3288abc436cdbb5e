//! A fleet with its control plane, which is killed and started again: 1,000 instances of one
//! gateway and 10,000 other gateways, each with a request that waits for changes.
//!
//!     cargo bench -p kt-tests --bench fleet
//!
//! Prints memory and processor time of the server while nothing changes, the processor time of a
//! report, the time until all instances know a change, and until each gateway knows its own, before
//! and after `kill -9` of the server and of the database, and what a loop of filtered queries of the
//! audit log changes about that. Every report after the restarts must be counted once, and the state
//! must be true; otherwise the benchmark panics. On a file and, where PostgreSQL is installed, on a
//! database, for at most three minutes each. `KT_BENCH_DIST` is the installation to measure (`make
//! build` creates `target/dist`), `KT_BENCH_GATEWAYS` and `KT_BENCH_INSTANCES` are other sizes.

#![expect(clippy::print_stdout, reason = "a benchmark prints its results")]

mod client;
mod control_plane;
mod halts;
mod reports;
mod waiters;

use client::Client;
use control_plane::ControlPlane;
use kt_tests::bench::{Database, quantile};
use reports::{ReportedOutcome, instance_id, send_reports};
use rustix::process::{Resource, getrlimit, setrlimit};
use serde_json::{Value, json};
use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::{Duration, Instant};
use tokio::task::{JoinSet, LocalSet, spawn_local};
use waiters::{Waiter, Waiters};

/// Number of connections that create gateways and publish versions.
const WRITERS: usize = 16;
/// How long the server is measured while nothing changes.
const IDLE: Duration = Duration::from_secs(5);
/// Number of reports per second, and how many are measured.
const REPORTS_PER_SECOND: f64 = 100.0;
const REPORTS: usize = 500;
/// Number of gateways, of which each gets a version of its own.
const CHANGED_GATEWAYS: usize = 1000;
/// After which time memory and threads of requests that have ended are released.
const RELEASE: Duration = Duration::from_secs(25);
/// How long a run may take.
const LIMIT: Duration = Duration::from_secs(180);

fn main() {
    raise_file_limit();
    let dist = std::env::var_os("KT_BENCH_DIST").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/dist")),
        PathBuf::from,
    );
    let size = |name: &str, default| {
        let number = std::env::var(name).ok().and_then(|text| text.parse().ok());
        number.unwrap_or(default)
    };
    let gateways = size("KT_BENCH_GATEWAYS", 10_000);
    let instances = size("KT_BENCH_INSTANCES", 1000);
    for store in ["file", "PostgreSQL"] {
        let database = (store == "PostgreSQL").then(Database::start).flatten();
        if store == "PostgreSQL" && database.is_none() {
            continue;
        }
        println!("\n{store}: {instances} instances of one gateway, {gateways} other gateways\n");
        println!("| what | value |\n|---|---|");
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let run = run(&dist, database.as_ref(), gateways, instances);
        let limited = async { tokio::time::timeout(LIMIT, run).await };
        let ended = LocalSet::new().block_on(&runtime, limited);
        ended.expect("a run takes at most three minutes");
    }
}

/// Each waiting request needs a file descriptor, here and in the server, which inherits the limit.
fn raise_file_limit() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    setrlimit(Resource::Nofile, limit).expect("the limit may be raised to the maximum");
}

fn print(what: &str, value: &str) {
    println!("| {what} | {value} |");
}

fn milliseconds(time: Duration) -> String {
    format!("{:.0} ms", time.as_secs_f64() * 1000.0)
}

fn print_times(what: &str, mut times: Vec<Duration>) {
    times.sort();
    let [p50, p99] = [0.5, 0.99].map(|part| milliseconds(quantile(&times, part)));
    print(what, &format!("p50 {p50}, p99 {p99}"));
}

fn content(number: usize) -> String {
    format!(
        "pack: {{name: bench, version: 1.0.{number}, enabled: true}}\npolicies: {{chain: []}}\n"
    )
}

/// A fleet under test.
struct Fleet<'a> {
    server: ControlPlane<'a>,
    waiters: Waiters,
    /// The gateway that has many instances.
    replicated: Value,
    instances: usize,
    /// The names of the other gateways.
    gateways: Vec<String>,
    /// The number of versions published so far, each with another content.
    published: usize,
    /// The number of the last report of each instance.
    seq: u64,
}

async fn run(dist: &Path, database: Option<&Database>, gateways: usize, instances: usize) {
    let home = tempfile::tempdir().expect("a directory");
    let server = ControlPlane::start(dist, home.path(), database);
    let mut fleet = Fleet::create(server, gateways, instances).await;
    fleet.measure_idle().await;
    fleet.measure_reports("report of an instance").await;
    fleet.measure_changes("").await;
    fleet.measure_audit_queries().await;
    fleet.measure_halt().await;
    for (what, kill) in [
        ("after kill -9 of the server", Kill::Server),
        ("after kill -9 of the database", Kill::Database),
        ("after kill -9 of both", Kill::Both),
    ] {
        if database.is_some() || matches!(kill, Kill::Server) {
            fleet.restart(what, kill).await;
            fleet.measure_changes(&format!(", {what}")).await;
        }
    }
    fleet.measure_memory_after_leaving().await;
}

/// What is killed.
enum Kill {
    Server,
    Database,
    Both,
}

impl<'a> Fleet<'a> {
    async fn create(server: ControlPlane<'a>, gateways: usize, instances: usize) -> Self {
        let new = json!({"name": "replicated", "content": content(0)}).to_string();
        let created = server.request("POST", "/v1/gateways", &new).await;
        let replicated = created["gateway"].clone();
        let names: Vec<_> = (0..gateways)
            .map(|number| format!("g{number:06}"))
            .collect();
        let start = Instant::now();
        in_parallel(&server, names.clone(), |name| {
            let new = json!({"name": name, "content": content(1)});
            ("/v1/gateways".to_owned(), new.to_string())
        })
        .await;
        let rate = gateways as f64 / start.elapsed().as_secs_f64();
        print("created gateways per second", &format!("{rate:.0}"));
        let first = (0..instances).map(|instance| (instance, 1, ReportedOutcome::Applied));
        send_reports(&server, &replicated, first, None).await;
        let memory = server.server().memory();
        print(
            "memory before anybody waits",
            &format!("{:.0} MB", memory / 1024.0),
        );
        let replicas = (0..instances).map(|instance| Waiter {
            gateway: "replicated".to_owned(),
            instance: Some(instance_id(instance)),
        });
        let others = names.iter().map(|name| Waiter {
            gateway: name.clone(),
            instance: None,
        });
        let waiters = Waiters::start(server.port, &server.token, replicas.chain(others).collect());
        server.waits(instances + gateways).await;
        Self {
            server,
            waiters,
            replicated,
            instances,
            gateways: names,
            published: 1,
            seq: 1,
        }
    }

    fn waiting(&self) -> usize {
        self.instances + self.gateways.len()
    }

    async fn measure_idle(&self) {
        let server = self.server.server();
        let memory = format!("{:.0} MB", server.memory() / 1024.0);
        print(
            &format!("memory with {} waiting requests", self.waiting()),
            &memory,
        );
        let before = server.cpu_time();
        tokio::time::sleep(IDLE).await;
        let share = (server.cpu_time() - before) / IDLE.as_secs_f64() * 100.0;
        print(
            "processor time while nothing changes",
            &format!("{share:.1} %"),
        );
    }

    /// Sends reports that change nothing, as instances do every few seconds.
    async fn measure_reports(&mut self, what: &str) {
        self.seq += 1;
        let (seq, instances) = (self.seq, self.instances);
        let reports = (0..REPORTS.min(instances)).map(|one| (one, seq, ReportedOutcome::Applied));
        let before = self.server.server().cpu_time();
        let rate = Some(REPORTS_PER_SECOND);
        let (counted, times) = send_reports(&self.server, &self.replicated, reports, rate).await;
        let time = (self.server.server().cpu_time() - before) / times.len() as f64;
        assert_eq!(counted, times.len());
        print(
            &format!("processor time of a {what}"),
            &format!("{:.2} ms", time * 1000.0),
        );
        print_times(&format!("duration of a {what}"), times);
    }

    /// Changes the gateway with many instances, which all answer, and then others, one by one.
    async fn measure_changes(&mut self, when: &str) {
        self.published += 1;
        let body = json!({"content": content(self.published)}).to_string();
        let start = Instant::now();
        let target = "/v1/gateways/replicated/config-versions";
        self.server.request("POST", target, &body).await;
        let gateway = "/v1/gateways/replicated";
        self.replicated = self.server.request("GET", gateway, "").await;
        let generation = self.replicated["generation"].as_u64().expect("a number");
        let known = self.waiters.all_know(0..self.instances, generation).await;
        let times = known.iter().map(|at| at.duration_since(start)).collect();
        print_times(
            &format!("time until the instances know a change{when}"),
            times,
        );
        self.answer().await;

        let changed = CHANGED_GATEWAYS.min(self.gateways.len());
        let names = self.gateways[..changed].to_vec();
        self.published += 1;
        let number = self.published;
        let sent = in_parallel(&self.server, names, move |name| {
            let target = format!("/v1/gateways/{name}/config-versions");
            (target, json!({"content": content(number)}).to_string())
        })
        .await;
        let first = self.instances;
        let generation = self.server.request("GET", "/v1/gateways/g000000", "").await;
        let generation = generation["generation"].as_u64().expect("a number");
        let known = self
            .waiters
            .all_know(first..first + changed, generation)
            .await;
        let times = known
            .iter()
            .zip(sent)
            .map(|(at, sent)| at.duration_since(sent));
        print_times(
            &format!("time until a gateway knows its change{when}"),
            times.collect(),
        );
        self.server.waits(self.waiting()).await;
    }

    /// Every instance answers, and one rejects. Each report is sent twice, and counted once.
    async fn answer(&mut self) {
        self.seq += 1;
        let (seq, rejecting) = (self.seq, self.instances / 2);
        let answers = |instance| match instance == rejecting {
            true => (instance, seq, ReportedOutcome::Rejected),
            false => (instance, seq, ReportedOutcome::Applied),
        };
        let all = (0..self.instances).map(answers);
        let (counted, _) = send_reports(&self.server, &self.replicated, all.clone(), None).await;
        assert_eq!(counted, self.instances, "each report is counted");
        let (counted, _) = send_reports(&self.server, &self.replicated, all.take(100), None).await;
        assert_eq!(counted, 0, "a repeated report is not counted again");
        let gateway = self
            .server
            .request("GET", "/v1/gateways/replicated", "")
            .await;
        let generation = &self.replicated["generation"];
        let instances = gateway["instances"].as_array().expect("instances");
        let with = |state: &str| {
            let matching = instances.iter().filter(|one| one["state"] == state);
            matching.count()
        };
        assert_eq!(&gateway["generation"], generation);
        assert_eq!(gateway["state"], "rejected");
        assert_eq!((with("in-sync"), with("rejected")), (self.instances - 1, 1));
    }

    /// Measures reports and changes while filtered queries of the audit log are sent without a pause.
    async fn measure_audit_queries(&mut self) {
        let new = json!({"name": "auditor", "scope": "read"}).to_string();
        let token = self.server.request("POST", "/v1/tokens", &new).await;
        let token = token["token"].as_str().or(token["secret"].as_str());
        let token = token.expect("a token").to_owned();
        let (port, ended) = (self.server.port, Rc::new(Cell::new(false)));
        let stop = Rc::clone(&ended);
        let queries = spawn_local(async move {
            let mut client = Client::connect(port, &token).await.expect("it listens");
            let mut times = Vec::new();
            let filters = [
                "action=config.publish",
                "actor=nobody",
                "since=2026-01-01T00:00:00Z",
            ];
            while !stop.get() {
                let target = format!("/v1/audit?limit=50&{}", filters[times.len() % 3]);
                let start = Instant::now();
                let response = client.request("GET", &target, "").await;
                assert_eq!(response.expect("a response").0, 200);
                times.push(start.elapsed());
            }
            times
        });
        self.measure_duration("report beside a loop of audit queries")
            .await;
        self.measure_changes(" beside a loop of audit queries")
            .await;
        ended.set(true);
        let times = queries.await.expect("it does not panic");
        print_times("duration of an audit query", times);
        self.measure_duration("report without it").await;
    }

    /// Measures the duration of reports only: the queries use processor time, too.
    async fn measure_duration(&mut self, what: &str) {
        self.seq += 1;
        let seq = self.seq;
        let reports =
            (0..REPORTS.min(self.instances)).map(|one| (one, seq, ReportedOutcome::Applied));
        let rate = Some(REPORTS_PER_SECOND);
        let (_, times) = send_reports(&self.server, &self.replicated, reports, rate).await;
        print_times(&format!("duration of a {what}"), times);
    }

    async fn restart(&mut self, what: &str, kill: Kill) {
        let start = Instant::now();
        match kill {
            Kill::Server => self.server.kill_and_restart(false),
            Kill::Database => self.server.restart_database(),
            Kill::Both => self.server.kill_and_restart(true),
        }
        self.server.waits(self.waiting()).await;
        let time = milliseconds(start.elapsed());
        print(&format!("time until all wait again {what}"), &time);
    }

    /// Measures what the server keeps of the requests that have ended.
    async fn measure_memory_after_leaving(&mut self) {
        let megabytes = |server: &ControlPlane<'_>| server.server().memory() / 1024.0;
        let before = megabytes(&self.server);
        self.waiters.leave().await;
        self.server.waits(0).await;
        tokio::time::sleep(RELEASE).await;
        let (after, threads) = (megabytes(&self.server), self.server.threads());
        print("memory at the end", &format!("{before:.0} MB"));
        print("memory after all have left", &format!("{after:.0} MB"));
        print("threads", &threads.to_string());
    }
}

/// Sends a request for each name over several connections. Returns when each was sent.
async fn in_parallel(
    server: &ControlPlane<'_>,
    names: Vec<String>,
    request: impl Fn(&str) -> (String, String) + Copy + 'static,
) -> Vec<Instant> {
    let names = Rc::new(names);
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let (mut client, names) = (server.connect().await, Rc::clone(&names));
        writers.spawn_local(async move {
            let mut sent = Vec::new();
            for (number, name) in names.iter().enumerate().skip(writer).step_by(WRITERS) {
                let (target, body) = request(name);
                sent.push((number, Instant::now()));
                let response = client.request("POST", &target, &body).await;
                let (status, body) = response.expect("a response");
                assert_eq!(status, 201, "{body}");
            }
            sent
        });
    }
    let mut sent = writers.join_all().await.concat();
    sent.sort();
    sent.into_iter().map(|(_, at)| at).collect()
}

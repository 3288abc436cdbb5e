//! How the processor time of the control plane grows: with the number of gateways, of instances of
//! one gateway, and of rows of the audit log.
//!
//!     cargo bench -p kt-tests --bench growth
//!
//! Prints the processor time of the server per operation for three sizes, and the exponent of
//! growth: 0 is constant, 1 is linear. What concerns one object should be below 0.1, what reads the
//! whole store below 1.1. Runs in a few minutes, on a file and, where PostgreSQL is installed, on a
//! database. `KT_BENCH_DIST` is the installation to measure (`make build` creates `target/dist`).
//! The rows of the audit log are inserted with `sqlite3`; without it that part is left out.

#![expect(clippy::print_stdout, reason = "a benchmark prints its results")]

mod client;

use client::{Client, ControlPlane};
use kt_tests::bench::Database;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::Duration;

const GATEWAYS: [usize; 3] = [100, 1_000, 10_000];
const INSTANCES: [usize; 3] = [10, 100, 1_000];
const AUDIT_ROWS: [usize; 3] = [10_000, 100_000, 1_000_000];
/// Number of measurements, of which the median is printed.
const SAMPLES: usize = 15;
/// Number of connections that fill a store.
const WRITERS: usize = 8;

/// The processor time in microseconds, by operation, of each size.
type Table = BTreeMap<String, Vec<f64>>;

/// Fills a store to a size, and measures it.
type Measurement = fn(&ControlPlane, usize, &mut Table);

fn main() {
    let dist = std::env::var_os("KT_BENCH_DIST").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/dist")),
        PathBuf::from,
    );
    for name in ["file", "PostgreSQL"] {
        let measured = |size: usize, measure: Measurement, table: &mut Table| {
            let database = (name == "PostgreSQL").then(Database::start).flatten();
            if name == "PostgreSQL" && database.is_none() {
                return;
            }
            let home = tempfile::tempdir().expect("a directory");
            let server = ControlPlane::start(&dist, home.path(), |command| {
                if let Some(database) = &database {
                    database.configure(command);
                }
            });
            measure(&server, size, table);
        };
        let mut table = Table::new();
        for size in GATEWAYS {
            measured(size, gateways, &mut table);
        }
        print(&format!("gateways, {name}"), GATEWAYS, &table);
        let mut table = Table::new();
        for size in INSTANCES {
            measured(size, instances, &mut table);
        }
        print(
            &format!("instances of a gateway, {name}"),
            INSTANCES,
            &table,
        );
    }
    let mut table = Table::new();
    for size in AUDIT_ROWS {
        audit(&dist, size, &mut table);
    }
    print("rows of the audit log, file", AUDIT_ROWS, &table);
}

fn print(title: &str, sizes: [usize; 3], table: &Table) {
    println!("\n{title}: processor time per operation in µs\n");
    println!(
        "| operation | {} | {} | {} | exponent |",
        sizes[0], sizes[1], sizes[2]
    );
    println!("|---|---|---|---|---|");
    for (operation, times) in table {
        let [first, .., last] = times.as_slice() else {
            continue;
        };
        let growth = (last / first).ln() / (sizes[2] as f64 / sizes[0] as f64).ln();
        let times: Vec<_> = times.iter().map(|time| format!("{time:.0}")).collect();
        println!("| {operation} | {} | {growth:.2} |", times.join(" | "));
    }
}

/// Measures an operation, which may be different each time.
fn measure(server: &ControlPlane, table: &mut Table, name: &str, mut operation: impl FnMut(usize)) {
    let mut times: Vec<f64> = (0..SAMPLES)
        .map(|number| {
            let before = server.cpu_micros();
            operation(number);
            server.cpu_micros() - before
        })
        .collect();
    times.sort_by(f64::total_cmp);
    table
        .entry(name.to_owned())
        .or_default()
        .push(times[SAMPLES / 2]);
}

fn content(number: usize) -> String {
    format!(
        "pack: {{name: bench, version: 1.0.{number}, enabled: true}}\npolicies: {{chain: []}}\n"
    )
}

fn create(client: &mut Client, number: usize) -> Value {
    let tier = ["gold", "silver"][number % 2];
    let new = json!({
        "name": format!("g{number:06}"), "content": content(number), "labels": {"tier": tier},
        "issue_token": true,
    });
    client.json("POST", "/v1/gateways", &new.to_string())
}

fn gateways(server: &ControlPlane, size: usize, table: &mut Table) {
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            scope.spawn(move || {
                let mut client = server.connect();
                for number in (writer..size).step_by(WRITERS) {
                    create(&mut client, number);
                }
            });
        }
    });
    let mut client = server.connect();
    measure(server, table, "create", |number| {
        create(&mut client, size + number);
    });
    measure(server, table, "publish", |number| {
        let body = json!({ "content": content(size + 100 + number) }).to_string();
        client.request("POST", "/v1/gateways/g000050/config-versions", &body);
    });
    let prune = json!({"keep": 3, "dry_run": true}).to_string();
    measure(server, table, "prune, dry run", |_| {
        client.request("POST", "/v1/gateways/g000050/actions/prune", &prune);
    });
    for (name, target) in [
        ("inspect", "/v1/gateways/g000050"),
        ("list, limit 1", "/v1/gateways?limit=1"),
        (
            "list, a label of half, limit 1",
            "/v1/gateways?label=tier%3Dgold&limit=1",
        ),
        ("list, a label of none", "/v1/gateways?label=tier%3Dnone"),
        ("list, a prefix of none", "/v1/gateways?name_prefix=zz"),
        ("tokens, limit 1", "/v1/tokens?limit=1"),
        ("tokens of one gateway", "/v1/tokens?gateway=g000050"),
        ("audit of a target", "/v1/audit?target=nothing"),
    ] {
        measure(server, table, name, |_| {
            client.request("GET", target, "");
        });
    }
    measure(server, table, "list, all (whole store)", |_| {
        let mut cursor = String::new();
        loop {
            let page = client.json("GET", &format!("/v1/gateways?limit=200{cursor}"), "");
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
    });
    states(server, size, table);
}

/// Measures lists by state, when each gateway has an instance and one of them rejects its version.
fn states(server: &ControlPlane, size: usize, table: &mut Table) {
    thread::scope(|scope| {
        for writer in 0..WRITERS {
            scope.spawn(move || {
                let mut client = server.connect();
                for number in (writer..size).step_by(WRITERS) {
                    let target = format!("/v1/gateways/g{number:06}");
                    let gateway = client.json("GET", &target, "");
                    let report = first_report(&gateway, number == size / 2);
                    client.request("POST", &format!("{target}/status"), &report);
                }
            });
        }
    });
    let mut before = 0.0;
    while server.cpu_micros() - before > 5000.0 {
        before = server.cpu_micros();
        thread::sleep(Duration::from_millis(1500));
    }
    let mut client = server.connect();
    for (name, target) in [
        (
            "list, in sync, limit 1",
            "/v1/gateways?state=in-sync&limit=1",
        ),
        ("list, rejected", "/v1/gateways?state=rejected"),
        ("list, drifted (none)", "/v1/gateways?state=drifted"),
        ("list, halted (none)", "/v1/gateways?state=halted"),
    ] {
        measure(server, table, name, |_| {
            client.request("GET", target, "");
        });
    }
}

/// The first report of the only instance of a gateway.
fn first_report(gateway: &Value, rejects: bool) -> String {
    let generation = &gateway["generation"];
    let at = "2026-01-01T00:00:00Z";
    let answer = if rejects {
        json!({"generation": generation, "version": 1, "code": "bad", "message": "bad", "at": at})
    } else {
        json!({
            "generation": generation, "version": 1, "sha256": gateway["desired"]["sha256"], "at": at,
        })
    };
    let name = if rejects { "rejection" } else { "applied" };
    let report = json!({
        "instance_id": "in_aaaaaaaaaaaaaaaa", "seq": 1, "lease_seconds": 3600, "started_at": at,
        "source": "control-plane", name: answer,
    });
    report.to_string()
}

fn instances(server: &ControlPlane, size: usize, table: &mut Table) {
    let mut client = server.connect();
    let gateway = create(&mut client, 0)["gateway"].take();
    let (id, generation) = (&gateway["id"], &gateway["generation"]);
    let id = id.as_str().expect("an id");
    let status = format!("/v1/gateways/{id}/status");
    let report = |instance: usize, seq: usize| {
        let letters: String = format!("{instance:016}")
            .bytes()
            .map(|digit| char::from(digit - b'0' + b'a'))
            .collect();
        let applied = json!({
            "generation": generation, "version": 1, "sha256": gateway["desired"]["sha256"],
            "at": "2026-01-01T00:00:00Z",
        });
        let report = json!({
            "instance_id": format!("in_{letters}"), "seq": seq, "lease_seconds": 3600,
            "started_at": "2026-01-01T00:00:00Z", "source": "control-plane",
            "observed": {"generation": generation, "version": 1}, "applied": applied,
        });
        report.to_string()
    };
    for instance in 0..size {
        client.request("POST", &status, &report(instance, 1));
    }
    let desired = client.json("GET", &format!("/v1/gateways/{id}/desired"), "");
    let epoch = desired["epoch"].as_str().expect("an epoch").to_owned();
    let mut waiting: Vec<_> = (0..size).map(|_| server.connect()).collect();
    let wait = format!("/v1/gateways/{id}/desired?epoch={epoch}&index={generation}&wait=300");
    waiting
        .iter_mut()
        .for_each(|one| one.send("GET", &wait, ""));
    // The server has handled all polls when it has no more work.
    let mut before = 0.0;
    while server.cpu_micros() - before > 2000.0 {
        before = server.cpu_micros();
        thread::sleep(Duration::from_millis(200));
    }
    measure(server, table, "report of one of the instances", |number| {
        client.request("POST", &status, &report(number % size, 2 + number));
    });
    measure(server, table, "inspect (all instances)", |_| {
        client.request("GET", &format!("/v1/gateways/{id}"), "");
    });
}

/// Measures queries of an audit log, which is filled while no server runs.
fn audit(dist: &Path, size: usize, table: &mut Table) {
    let home = tempfile::tempdir().expect("a directory");
    drop(ControlPlane::start(dist, home.path(), |_| {}));
    let rows = format!(
        "INSERT INTO audit(at, actor, request_id, action, target, detail)
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {size})
         SELECT i * 1000000, 'a' || (i % 500), 'req_x', 'action.' || (i % 20),
           'gw_' || (i % 10000), '{{}}' FROM n"
    );
    let file = home.path().join("state/control-plane.db");
    let filled = Command::new("sqlite3").arg(file).arg(rows).status();
    if !filled.is_ok_and(|status| status.success()) {
        return;
    }
    let server = ControlPlane::start(dist, home.path(), |_| {});
    let mut client = server.connect();
    for (name, filter) in [
        ("none", ""),
        ("target", "target=gw_7"),
        ("target of nothing", "target=nothing"),
        ("actor", "actor=a7"),
        ("actor of nothing", "actor=nobody"),
        ("action", "action=action.7"),
        ("action of nothing", "action=config.prune"),
        ("since, in the future", "since=2100-01-01T00:00:00Z"),
        ("until, before all", "until=1970-01-01T00:00:00Z"),
        (
            "an interval",
            "since=1970-01-01T02:00:00Z&until=1970-01-01T02:01:00Z",
        ),
    ] {
        measure(&server, table, name, |_| {
            client.request("GET", &format!("/v1/audit?limit=50&{filter}"), "");
        });
    }
}

//! Compares the control plane with etcd, with the same workload in the same run.
//!
//!     cargo bench -p kt-tests --bench control_plane
//!
//! Workloads: publishing versions of 4 KiB, conditional on the revision, over `WRITERS`
//! connections; and many clients that wait for one change. Rounds alternate between the servers. A
//! version in etcd is what kt stores for one: its content, the desired version, and an audit row. A
//! client that does not know the revision has to read it from etcd first (`ReadThenPublish`), while
//! kt assigns version numbers itself. A single put with a compare, and kt on PostgreSQL, are
//! measured too. Absolute numbers of a shared machine mean little; compare the ratios.
//! `KT_BENCH_DIST` is the installation to measure (`make build` creates `target/dist`). Servers
//! that are not installed are skipped.

#![expect(clippy::print_stdout, reason = "a benchmark prints its results")]

mod etcd;
mod kt;
mod protobuf;
mod wait;
mod write;

use etcd::Etcd;
use kt::Kt;
use kt_tests::bench::Database;
use std::path::PathBuf;
use tokio::task::LocalSet;

fn main() {
    let dist = std::env::var_os("KT_BENCH_DIST").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/dist")),
        PathBuf::from,
    );
    let watchers = std::env::var("KT_BENCH_WATCHERS");
    let watchers = watchers.ok().and_then(|n| n.parse().ok()).unwrap_or(2000);
    let homes = tempfile::tempdir().expect("a directory");
    let home = |name: &str| {
        let home = homes.path().join(name);
        std::fs::create_dir(&home).expect("a directory");
        home
    };
    let kt = Kt::start(&dist, &home("kt"), None);
    let database = Database::start();
    let shared = database.as_ref();
    let shared = shared.map(|database| Kt::start(&dist, &home("kt-shared"), Some(database)));
    let etcd = Etcd::start(&home("etcd"));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    LocalSet::new().block_on(&runtime, async {
        write::write(&kt, shared.as_ref(), etcd.as_ref()).await;
        drop((kt, shared, database, etcd));
        // New servers, so that the written data does not count as memory of waiting clients.
        let kt = Kt::start(&dist, &home("kt-waits"), None);
        let etcd = Etcd::start(&home("etcd-waits"));
        wait::wait(&kt, etcd.as_ref(), watchers).await;
    });
}

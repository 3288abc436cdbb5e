//! The control plane beside etcd, on the same work and in the same run.
//!
//!     cargo bench -p kt-tests --bench control_plane
//!
//! Work: making a version of 4 KiB, if nobody else has, from as many connections as
//! `WRITERS`; and many who wait for one change. Rounds alternate between them. A version is
//! what kt keeps of one, in etcd too: its content, which one is desired, a row of the trail. Who
//! does not know the revision has to read it from etcd before (`Unknown`), while kt numbers
//! versions itself. A bare put with a compare, which keeps none of that, is measured as well, and
//! so is kt over PostgreSQL. Figures of a shared machine say little; the ratios are what counts.
//! `KT_BENCH_DIST` is the staged tree to measure (`make build` makes one in `target/dist`).
//! Without etcd or PostgreSQL, the others are measured.

#![expect(clippy::print_stdout, reason = "figures are what it is for")]

mod database;
mod etcd;
mod kt;
mod process;
mod protobuf;
mod wait;
mod write;

use database::Database;
use etcd::Etcd;
use kt::Kt;
use std::path::PathBuf;
use std::time::Duration;
use tokio::task::LocalSet;

fn main() {
    let dist = std::env::var_os("KT_BENCH_DIST").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/dist")),
        PathBuf::from,
    );
    let watchers = std::env::var("KT_BENCH_WATCHERS");
    let watchers = watchers.ok().and_then(|n| n.parse().ok()).unwrap_or(2000);
    let homes = tempfile::tempdir().expect("a folder");
    let home = |name: &str| {
        let home = homes.path().join(name);
        std::fs::create_dir(&home).expect("a folder");
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
        // Fresh ones: what was written must not be mistaken for what waiting takes.
        let kt = Kt::start(&dist, &home("kt-waits"), None);
        let etcd = Etcd::start(&home("etcd-waits"));
        wait::wait(&kt, etcd.as_ref(), watchers).await;
    });
}

fn share(sorted: &[Duration], share: f64) -> Duration {
    let at = (sorted.len() as f64 * share) as usize;
    sorted
        .get(at.min(sorted.len().saturating_sub(1)))
        .copied()
        .unwrap_or_default()
}

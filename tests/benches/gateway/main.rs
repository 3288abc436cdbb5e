//! Compares `kt gateway run` with nginx as a plain proxy, with the same load in the same run.
//!
//!     cargo bench -p kt-tests --bench gateway -- PARTS
//!
//! `PARTS` are `load`, `streams`, `memory`, `workers`, `hostile` and `guards`, or `--soak 10m`.
//!
//! Every server is a process of its own on loopback: a scripted upstream, nginx, kt without a
//! chain, and kt with a full chain. Windows of the servers alternate, so that a ratio compares
//! neighbors in time; absolute numbers of a shared machine mean little. `hostile` measures inputs
//! that an attacker would choose, `guards` each policy alone, in the process and without servers. `--soak` runs mixed load with attacks among it for a time, while
//! the health endpoints are probed; it replaces the tables.
//! `KT_BENCH_DIST` is the installation to measure (`make build` creates `target/dist`).

#![expect(clippy::print_stdout, reason = "a benchmark prints its results")]

mod config;
mod guards;
mod hostile;
mod http;
mod load;
mod memory;
mod options;
mod peer;
mod script;
mod soak;
mod streams;
mod table;
mod upstream;
mod workers;

use options::Options;
use peer::Peers;
use table::Table;
use tokio::task::LocalSet;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, port] = arguments.as_slice()
        && flag == upstream::FLAG
    {
        return upstream::serve(port.parse().expect("a port"));
    }
    let options = match Options::parse(&arguments) {
        Ok(options) => options,
        Err(error) => return println!("{error}"),
    };
    peer::pin(std::process::id(), peer::LOAD_CORE);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let home = tempfile::tempdir().expect("a directory");
    LocalSet::new().block_on(&runtime, async {
        match options.soak {
            Some(duration) => soak::run(home.path(), duration).await,
            None => compare(home.path(), &options).await,
        }
    });
}

/// Prints the tables.
async fn compare(home: &std::path::Path, options: &Options) {
    if options.includes("guards") {
        guards::measure();
    }
    if !options.needs_servers() {
        return;
    }
    let peers = Peers::start(home);
    if options.includes("load") || options.includes("streams") || options.includes("memory") {
        let mut table = Table::new(&peers);
        if options.includes("load") {
            load::measure(&peers, &mut table).await;
        }
        if options.includes("streams") {
            streams::measure(&peers, &mut table).await;
        }
        if options.includes("memory") {
            memory::measure(&peers, &mut table).await;
        }
        table.print();
    }
    if options.includes("workers") {
        workers::measure(home).await;
    }
    if options.includes("hostile") {
        hostile::measure(&peers).await;
    }
}

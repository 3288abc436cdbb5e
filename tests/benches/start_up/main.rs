//! How long kt takes to start: whole processes, from their start until they are reaped, in relation
//! to a Rust program that prints one line.
//!
//!     cargo bench -p kt-tests --bench start_up
//!
//! Prints the minimum of `KT_BENCH_ROUNDS` (200) interleaved runs of each command as a ratio to that
//! program, which is compiled and measured in the same run, with the bundled plugins alone and with
//! 1, 10 and 100 others. Absolute times of a shared machine mean little, minima and ratios are
//! stable. `KT_BENCH_DIST` is the installation to measure (`make build` creates `target/dist`).

#![expect(clippy::print_stdout, reason = "a benchmark prints its results")]

mod home;
mod measure;

use home::Home;
use measure::{Program, fastest};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// The numbers of plugins beside the bundled ones.
const PLUGINS: [usize; 4] = [0, 1, 10, 100];

/// The commands that are measured.
const COMMANDS: [&str; 8] = [
    "--version",
    "version",
    "--help",
    "gateway --help",
    "gateway create --help",
    "config show",
    "gateway list",
    "gateway inspect gateway-1",
];

/// The words that are completed: one that manifests contain, and one that the store contains.
const COMPLETED: [&str; 2] = ["gateway insp", "gateway inspect gateway-"];

fn main() {
    let dist = std::env::var_os("KT_BENCH_DIST").map_or_else(
        || PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../target/dist")),
        PathBuf::from,
    );
    let kt = dist.join("bin/kt");
    assert!(kt.exists(), "`make build` has not created {}", kt.display());
    let rounds = std::env::var("KT_BENCH_ROUNDS");
    let rounds = rounds.ok().and_then(|n| n.parse().ok()).unwrap_or(200);
    let directory = tempfile::tempdir().expect("a directory");
    let hello = compile_hello(directory.path());
    let homes = PLUGINS.map(|plugins| Home::create(directory.path(), &kt, plugins));
    let names: Vec<String> = COMMANDS
        .map(|words| format!("`kt {words}`"))
        .into_iter()
        .chain(COMPLETED.map(|words| format!("completion of `kt {words}`")))
        .collect();
    let mut programs = vec![Program::new("hello", Command::new(hello))];
    for home in &homes {
        programs.extend(COMMANDS.map(|words| Program::new(words, home.command(words))));
        programs.extend(COMPLETED.map(|words| Program::new(words, home.completion(words))));
    }
    let times = fastest(&mut programs, rounds);
    let (hello, times) = times.split_first().expect("the first program");
    print(hello, &names, times);
}

fn print(hello: &Duration, names: &[String], times: &[Duration]) {
    println!(
        "\nratio to a Rust program that prints one line ({} µs), by the number of other plugins\n",
        hello.as_micros()
    );
    println!(
        "| command | {} |",
        PLUGINS.map(|n| n.to_string()).join(" | ")
    );
    println!("|---|{}", "---|".repeat(PLUGINS.len()));
    for (row, name) in names.iter().enumerate() {
        let of_row = times.iter().skip(row).step_by(names.len());
        let ratios = of_row.map(|time| time.as_secs_f64() / hello.as_secs_f64());
        let ratios: Vec<_> = ratios.map(|ratio| format!("{ratio:.2}")).collect();
        println!("| {name} | {} |", ratios.join(" | "));
    }
}

fn compile_hello(directory: &Path) -> PathBuf {
    let source = directory.join("hello.rs");
    std::fs::write(&source, "fn main() { println!(\"hello\"); }\n").expect("a file");
    let program = directory.join("hello");
    let status = Command::new("rustc")
        .args(["-O", "-C", "strip=symbols", "-o"])
        .args([&program, &source])
        .status();
    assert!(status.is_ok_and(|status| status.success()), "rustc failed");
    program
}

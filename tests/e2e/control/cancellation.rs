//! A signal ends a command that waits for the control plane.

use crate::harness::{Sandbox, TIMEOUT, chmod, make_fifo, wait_until, workspace};
use rustix::process::Signal;
use std::net::TcpListener;
use std::os::unix::fs::OpenOptionsExt;

/// `O_NONBLOCK`, of all architectures of Linux that kt is built for.
const NONBLOCK: i32 = 0o4000;

/// Without it, the command would wait for the response for half a minute.
#[test]
fn a_signal_ends_the_wait_for_a_response() {
    let sandbox = Sandbox::new();
    let silent = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    silent
        .set_nonblocking(true)
        .expect("a listener can be non-blocking");
    let address = silent.local_addr().expect("it is bound");
    let run = sandbox.kt_line("gateway list");
    let run = run.env("KEEPTRUSTS_API_URL", format!("http://{address}"));
    let running = run.spawn();
    let _connection = wait_until("the connection", TIMEOUT, || silent.accept().ok());
    running.signal(Signal::INT);
    running.wait(TIMEOUT).exits(130).stdout_is_empty();
}

/// Commands that read a file which is not there yet: a FIFO without a writer.
const READERS: [&str; 13] = [
    "policy lint --file FIFO",
    "policy lint --file policy-config.yaml --file FIFO",
    "policy test --file FIFO",
    "gateway create --name new --file FIFO",
    "gateway diff --file FIFO",
    "gateway reload --file FIFO",
    "gateway run --policy-config FIFO",
    "gateway list --api-url https://127.0.0.1:9 --api-ca-file FIFO",
    "secret set --name openai --file FIFO",
    "auth login --api-url http://127.0.0.1:9 --token-file FIFO",
    "control-plane import --input-file FIFO",
    "control-plane fsck --database postgres://kt@127.0.0.1:9/kt --database-password-file FIFO",
    "control-plane serve --database postgres://kt@127.0.0.1:9/kt --database-password-file FIFO",
];

#[test]
fn a_signal_ends_a_command_that_reads_a_fifo() {
    let sandbox = Sandbox::new();
    let example = workspace().join("docs/examples/policy-config.yaml");
    let example = std::fs::read(example).expect("the example is there");
    sandbox.write("policy-config.yaml", example);
    let create = "gateway create --name production --file policy-config.yaml";
    sandbox.kt_line(create).run().ok();
    for (index, line) in READERS.into_iter().enumerate() {
        for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
            // Another one each time: the child of another test may have a copy of the writer
            // until it runs its program, and its end would be the end of the input.
            let fifo = sandbox.path(&format!("fifo-{index}-{code}"));
            make_fifo(&fifo);
            chmod(&fifo, 0o600);
            let line = line.replace("FIFO", &fifo.display().to_string());
            let running = sandbox.kt_line(&line).spawn();
            // It succeeds as soon as there is a reader.
            let writer = wait_until("the reader", TIMEOUT, || {
                let mut options = std::fs::OpenOptions::new();
                let options = options.write(true).custom_flags(NONBLOCK);
                options.open(&fifo).ok()
            });
            running.signal(signal);
            running.wait(TIMEOUT).exits(code).stdout_is_empty();
            drop(writer);
        }
    }
    let versions = sandbox.kt_line("gateway versions -o name").run();
    assert_eq!(versions.ok().stdout, "1\n", "nothing was published");
}

/// Files that are read again later cannot be FIFOs.
#[test]
fn a_fifo_in_place_of_a_certificate_or_a_backup_is_refused() {
    let sandbox = Sandbox::new();
    let fifo = sandbox.path("fifo");
    make_fifo(&fifo);
    let fifo = fifo.display();
    for line in [
        format!("control-plane serve --listen 127.0.0.1:0 --tls-cert {fifo} --tls-key {fifo}"),
        format!("control-plane restore --input-file {fifo}"),
        format!("control-plane fsck --file {fifo}"),
    ] {
        let output = sandbox.kt_line(&line).run();
        assert_ne!(output.code(), Some(0), "{line}");
    }
}

#[test]
fn a_signal_ends_a_command_that_reads_standard_input() {
    let sandbox = Sandbox::new();
    sandbox
        .kt_line("gateway create --name production")
        .run()
        .ok();
    for line in [
        "policy lint --file -",
        "gateway reload --file -",
        "secret set --name openai",
        "secret set --name openai --file -",
        "auth login --api-url http://127.0.0.1:9",
    ] {
        for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
            let (reader, _writer) = std::io::pipe().expect("a pipe");
            let running = sandbox.kt_line(line).stdin_from(reader).spawn();
            wait_until("the handler of the signal", TIMEOUT, || {
                handles(running.id(), signal).then_some(())
            });
            running.signal(signal);
            running.wait(TIMEOUT).exits(code).stdout_is_empty();
        }
    }
}

/// Whether a process handles the signal, which ends it otherwise.
fn handles(process: u32, signal: Signal) -> bool {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    let caught = caught.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    caught.unwrap_or_default() & (1 << (signal.as_raw() - 1)) != 0
}

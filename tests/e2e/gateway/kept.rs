//! Sockets that a service manager keeps while a gateway is restarted. The test
//! is the service manager: it passes one, and listens to what it is told.

use super::world::{Gateway, Mode, PATIENCE, World};
use crate::harness::Run;
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::path::Path;

struct Manager {
    world: World,
    told: UnixDatagram,
    socket: TcpListener,
}

impl Manager {
    fn new() -> Self {
        let world = World::new(Mode::Embedded);
        world.create("policy-config.yaml");
        let told = UnixDatagram::bind(world.sandbox.path("notify")).expect("a short path");
        told.set_nonblocking(true).expect("it is a socket");
        let socket = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        Self {
            world,
            told,
            socket,
        }
    }

    fn address(&self) -> SocketAddr {
        self.socket.local_addr().expect("it is bound")
    }

    /// A run of `kt gateway run` that is passed the socket.
    fn run(&self, line: &str) -> Run {
        let socket = self.socket.try_clone().expect("there are descriptors");
        let line = format!("gateway run --listen {} -o json {line}", self.address());
        passed(&self.world, &line)
            .stdin_from(OwnedFd::from(socket))
            .env("LISTEN_FDS", "1")
            .env("LISTEN_FDNAMES", "kt-traffic")
            .env("NOTIFY_SOCKET", self.world.sandbox.path("notify"))
    }

    /// Every message since the last time.
    fn messages(&self) -> Vec<String> {
        let mut all = Vec::new();
        let mut bytes = [0; 4096];
        while let Ok(length) = self.told.recv(&mut bytes) {
            let message = bytes.get(..length).unwrap_or_default();
            all.push(String::from_utf8_lossy(message).into_owned());
        }
        all
    }

    fn was_told(&self, what: &str, name: &str) -> bool {
        let said = |m: &String| m.contains(what) && m.contains(&format!("FDNAME={name}\n"));
        self.messages().iter().any(said)
    }
}

/// `kt` with its standard input as the first passed descriptor.
fn passed(world: &World, line: &str) -> Run {
    let kt = world.sandbox.dist().join("bin/kt");
    let script = "exec 3<&0 0</dev/null; export LISTEN_PID=$$; exec \"$@\"";
    world
        .sandbox
        .program(Path::new("/bin/sh"))
        .args(["-c", script, "sh"])
        .arg(kt)
        .args(line.split_whitespace())
}

#[test]
fn a_start_that_fails_anywhere_takes_kept_sockets_back() {
    let manager = Manager::new();
    for (line, code) in [
        ("--id nobody", 5),
        ("--id production --poll-interval 0", 2),
        ("--policy-config missing.yaml", 2),
    ] {
        manager.run(line).run().exits(code);
        assert!(manager.was_told("FDSTOREREMOVE=1", "kt-traffic"), "{line}");
    }
}

#[test]
fn a_dry_run_leaves_kept_sockets_alone() {
    let manager = Manager::new();
    manager.run("--id production --dry-run").run().ok();
    assert_eq!(manager.messages(), Vec::<String>::new());
}

#[test]
fn a_start_that_succeeds_serves_kept_sockets_and_hands_them_over() {
    let manager = Manager::new();
    let gateway = Gateway::of(
        manager
            .run("--id production --workers 1 --admin-listen 127.0.0.1:0")
            .spawn(),
    );
    assert_eq!(gateway.port, manager.address().port());
    assert_eq!(gateway.chat("m", "hello").status, 200);
    assert!(manager.was_told("FDSTORE=1", "kt-traffic"));
    gateway.stop().ok();
}

/// Descriptors that were promised and not passed have numbers that kt's own
/// files get, such as its log.
#[test]
fn a_count_that_is_too_large_closes_no_file_of_kt() {
    let world = World::new(Mode::Embedded);
    world.create("policy-config.yaml");
    let dir = world.sandbox.path("supervised");
    let line = format!(
        "gateway run --id production --listen 127.0.0.1:0 -o json --supervised {}",
        dir.display()
    );
    let run = passed(&world, &line).env("LISTEN_FDS", "30").spawn();
    let gateway = Gateway::of(run);
    assert_eq!(gateway.chat("m", "hello").status, 200);
    let log = std::fs::read_to_string(dir.join("log.jsonl")).expect("it is kept");
    assert!(log.contains("\"listening\""), "{log}");
    gateway.process.signal(rustix::process::Signal::TERM);
    gateway.process.wait(PATIENCE).ok();
}

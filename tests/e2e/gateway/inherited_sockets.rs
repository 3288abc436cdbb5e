//! Sockets that a service manager stores while a gateway is restarted. The test
//! acts as the service manager: it passes a socket, and receives notifications.

use super::world::{Gateway, Mode, World};
use crate::harness::{TIMEOUT, TestCommand};
use std::net::{SocketAddr, TcpListener};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixDatagram;
use std::path::Path;

struct ServiceManager {
    world: World,
    notifications: UnixDatagram,
    socket: TcpListener,
}

impl ServiceManager {
    fn new() -> Self {
        let world = World::new(Mode::Embedded);
        world.create("policy-config.yaml");
        let notifications = UnixDatagram::bind(world.sandbox.path("notify")).expect("a short path");
        notifications.set_nonblocking(true).expect("it is a socket");
        let socket = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        Self {
            world,
            notifications,
            socket,
        }
    }

    fn address(&self) -> SocketAddr {
        self.socket.local_addr().expect("it is bound")
    }

    /// Returns a run of `kt gateway run` that inherits the socket.
    fn run(&self, line: &str) -> TestCommand {
        let socket = self.socket.try_clone().expect("there are descriptors");
        let line = format!("gateway run --listen {} -o json {line}", self.address());
        with_inherited_socket(&self.world, &line)
            .stdin_from(OwnedFd::from(socket))
            .env("LISTEN_FDS", "1")
            .env("LISTEN_FDNAMES", "kt-traffic")
            .env("NOTIFY_SOCKET", self.world.sandbox.path("notify"))
    }

    /// Returns the messages since the last call.
    fn messages(&self) -> Vec<String> {
        let mut all = Vec::new();
        let mut bytes = [0; 4096];
        while let Ok(length) = self.notifications.recv(&mut bytes) {
            let message = bytes.get(..length).unwrap_or_default();
            all.push(String::from_utf8_lossy(message).into_owned());
        }
        all
    }

    fn was_notified(&self, what: &str, name: &str) -> bool {
        let matches = |m: &String| m.contains(what) && m.contains(&format!("FDNAME={name}\n"));
        self.messages().iter().any(matches)
    }
}

/// Runs `kt` with its standard input as the first inherited descriptor.
fn with_inherited_socket(world: &World, line: &str) -> TestCommand {
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
fn a_failed_start_removes_stored_sockets() {
    let manager = ServiceManager::new();
    for (line, code) in [
        ("--id nobody", 5),
        ("--id production --poll-interval 0", 2),
        ("--policy-config missing.yaml", 2),
    ] {
        manager.run(line).run().exits(code);
        assert!(
            manager.was_notified("FDSTOREREMOVE=1", "kt-traffic"),
            "{line}"
        );
    }
}

#[test]
fn a_dry_run_does_not_change_stored_sockets() {
    let manager = ServiceManager::new();
    manager.run("--id production --dry-run").run().ok();
    assert_eq!(manager.messages(), Vec::<String>::new());
}

#[test]
fn a_successful_start_serves_inherited_sockets_and_stores_them() {
    let manager = ServiceManager::new();
    let gateway = Gateway::of(
        manager
            .run("--id production --workers 1 --admin-listen 127.0.0.1:0")
            .spawn(),
    );
    assert_eq!(gateway.port, manager.address().port());
    assert_eq!(gateway.chat("m", "hello").status, 200);
    assert!(manager.was_notified("FDSTORE=1", "kt-traffic"));
    gateway.stop().ok();
}

/// Descriptors that were announced but not passed have numbers that kt's own
/// files get, such as its log.
#[test]
fn a_wrong_descriptor_count_closes_no_other_file() {
    let world = World::new(Mode::Embedded);
    world.create("policy-config.yaml");
    let dir = world.sandbox.path("supervised");
    let line = format!(
        "gateway run --id production --listen 127.0.0.1:0 -o json --supervised {}",
        dir.display()
    );
    let run = with_inherited_socket(&world, &line)
        .env("LISTEN_FDS", "30")
        .spawn();
    let gateway = Gateway::of(run);
    assert_eq!(gateway.chat("m", "hello").status, 200);
    let log = std::fs::read_to_string(dir.join("log.jsonl")).expect("the log file");
    assert!(log.contains("\"listening\""), "{log}");
    gateway.process.signal(rustix::process::Signal::TERM);
    gateway.process.wait(TIMEOUT).ok();
}

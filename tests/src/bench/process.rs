//! A server under test.

use rustix::process::{Pid, Signal, kill_process};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a server may take to start.
const START_TIMEOUT: Duration = Duration::from_secs(30);

/// How long a server may take to end.
const END_TIMEOUT: Duration = Duration::from_secs(10);

/// A process, which is ended on drop.
pub struct Server {
    child: Child,
    /// The port on which it listens.
    pub port: u16,
}

impl Server {
    /// Starts a server that will listen on the port.
    ///
    /// # Panics
    /// When it does not, with what it logged.
    pub fn start(mut command: Command, port: u16, log: &Path) -> Self {
        let output = std::fs::File::create(log).expect("a log file");
        let child = command
            .stdin(Stdio::null())
            .stdout(output.try_clone().expect("a file"))
            .stderr(output)
            .spawn()
            .expect("a process");
        let mut server = Self { child, port };
        let end = Instant::now() + START_TIMEOUT;
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            let exited = server.child.try_wait().is_ok_and(|status| status.is_some());
            assert!(
                Instant::now() < end && !exited,
                "no server on port {port}: {}",
                std::fs::read_to_string(log).unwrap_or_default()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        server
    }

    /// Ends it as `kill -9` does.
    pub fn kill(mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }

    /// Returns the id of the process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Returns the memory in use in KiB (proc(5), `VmRSS`).
    pub fn memory(&self) -> f64 {
        let status = self.proc("status");
        let line = status.lines().find(|line| line.starts_with("VmRSS"));
        let number = line.and_then(|line| line.split_whitespace().nth(1));
        number.and_then(|n| n.parse().ok()).expect("a number")
    }

    /// Returns the CPU time in seconds (proc(5), `utime` and `stime`, with 100 ticks per second on
    /// Linux).
    pub fn cpu_time(&self) -> f64 {
        cpu_time(&self.proc("stat"))
    }

    fn proc(&self, file: &str) -> String {
        let path = format!("/proc/{}/{file}", self.id());
        std::fs::read_to_string(path).expect("a running process")
    }
}

/// Returns the CPU time of this process, which generates the load and shares the CPU with the
/// server.
pub fn own_cpu_time() -> f64 {
    cpu_time(&std::fs::read_to_string("/proc/self/stat").expect("a running process"))
}

fn cpu_time(stat: &str) -> f64 {
    let (_, rest) = stat.rsplit_once(')').expect("a name in brackets");
    let ticks = rest.split_whitespace().skip(11).take(2);
    ticks
        .map(|n| n.parse::<f64>().expect("a number"))
        .sum::<f64>()
        / 100.0
}

impl Drop for Server {
    /// Asks it to end, since a build that counts what runs writes its counts then.
    fn drop(&mut self) {
        // Another process may have the id of one that was waited for.
        if self.child.try_wait().is_ok_and(|status| status.is_some()) {
            return;
        }
        // Fails only when it has ended.
        let _ended = kill_process(Pid::from_child(&self.child), Signal::TERM);
        let end = Instant::now() + END_TIMEOUT;
        while Instant::now() < end && self.child.try_wait().is_ok_and(|status| status.is_none()) {
            std::thread::sleep(Duration::from_millis(5));
        }
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Returns a port that is not in use.
pub fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

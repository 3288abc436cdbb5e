//! A server under measurement: started, watched, ended.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// How long a server may take to come up.
const PATIENCE: Duration = Duration::from_secs(30);

/// A process; ends with the value.
pub(crate) struct Server {
    child: Child,
    pub(crate) port: u16,
}

impl Server {
    /// Starts a server that will listen on the port.
    pub(crate) fn start(mut command: Command, port: u16, log: &Path) -> Self {
        let log = std::fs::File::create(log).expect("the folder takes a file");
        let child = command
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a file"))
            .stderr(log)
            .spawn()
            .expect("it starts");
        let server = Self { child, port };
        let end = Instant::now() + PATIENCE;
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < end, "nobody listens on {port}");
            std::thread::sleep(Duration::from_millis(20));
        }
        server
    }

    /// Memory in use, in kilobytes of 1024 bytes (proc(5), `VmRSS`).
    pub(crate) fn memory(&self) -> f64 {
        let status = self.proc("status");
        let line = status.lines().find(|line| line.starts_with("VmRSS"));
        let number = line.and_then(|line| line.split_whitespace().nth(1));
        number.and_then(|n| n.parse().ok()).expect("a number")
    }

    /// Time of the processor so far, in seconds (proc(5), `utime` and `stime`, of which a second
    /// has 100 on Linux).
    pub(crate) fn processor(&self) -> f64 {
        processor(&self.proc("stat"))
    }

    fn proc(&self, file: &str) -> String {
        let path = format!("/proc/{}/{file}", self.child.id());
        std::fs::read_to_string(path).expect("it runs")
    }
}

/// The same of this process, which makes the load and has to share the processor with the server.
pub(crate) fn own_processor() -> f64 {
    processor(&std::fs::read_to_string("/proc/self/stat").expect("it runs"))
}

fn processor(stat: &str) -> f64 {
    let (_, rest) = stat.rsplit_once(')').expect("a name in brackets");
    let ticks = rest.split_whitespace().skip(11).take(2);
    ticks
        .map(|n| n.parse::<f64>().expect("a number"))
        .sum::<f64>()
        / 100.0
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A port that nobody uses at the moment.
pub(crate) fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}

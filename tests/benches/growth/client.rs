//! A server, and connections to it.

use kt_tests::bench::{Server, free_port};
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A server and the token of its administrator.
pub(crate) struct ControlPlane {
    server: Server,
    token: String,
}

/// A persistent connection.
pub(crate) struct Client {
    stream: BufReader<TcpStream>,
    token: String,
}

impl ControlPlane {
    /// Starts a server with a file in `home`, or what `configure` adds to the command.
    pub(crate) fn start(dist: &Path, home: &Path, configure: impl FnOnce(&mut Command)) -> Self {
        let port = free_port();
        let mut command = Command::new(dist.join("bin/kt"));
        command
            .args(["control-plane", "serve", "--max-requests-per-second", "0"])
            .args(["--listen", &format!("127.0.0.1:{port}")])
            .env("KT_HOME", home);
        configure(&mut command);
        let server = Server::start(command, port, &home.join("log"));
        let token: PathBuf = home.join("state/admin.token");
        let token = std::fs::read_to_string(token).expect("it was written");
        Self {
            server,
            token: token.trim().to_owned(),
        }
    }

    pub(crate) fn connect(&self) -> Client {
        let stream = TcpStream::connect(("127.0.0.1", self.server.port)).expect("it listens");
        stream.set_nodelay(true).expect("a socket");
        Client {
            stream: BufReader::new(stream),
            token: self.token.clone(),
        }
    }

    /// Returns the processor time of all threads in microseconds, which `stat` has in hundredths of
    /// a second only.
    pub(crate) fn cpu_micros(&self) -> f64 {
        let tasks = format!("/proc/{}/task", self.server.id());
        let tasks = std::fs::read_dir(tasks).expect("a running process");
        let times = tasks.flatten().filter_map(|task| {
            let text = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
            text.split(' ').next()?.parse::<f64>().ok()
        });
        times.sum::<f64>() / 1000.0
    }
}

impl Client {
    /// Sends a request and does not wait for the response.
    pub(crate) fn send(&mut self, method: &str, target: &str, body: &str) {
        let head = format!(
            "{method} {target} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            self.token,
            body.len()
        );
        let sent = self.stream.get_mut().write_all(head.as_bytes());
        sent.expect("an open connection");
    }

    /// Sends a request and returns the body of the response.
    pub(crate) fn request(&mut self, method: &str, target: &str, body: &str) -> String {
        self.send(method, target, body);
        let (mut line, mut length, mut status) = (String::new(), 0, String::new());
        loop {
            line.clear();
            self.stream.read_line(&mut line).expect("a response");
            match line.trim_end().split_once(": ") {
                Some(("content-length", number)) => length = number.parse().expect("a number"),
                Some(_) => {}
                None if line.trim_end().is_empty() => break,
                None => status.clone_from(&line),
            }
        }
        let mut bytes = vec![0; length];
        self.stream.read_exact(&mut bytes).expect("a body");
        let text = String::from_utf8(bytes).expect("text");
        assert!(status.contains(" 20"), "{method} {target}: {status}{text}");
        text
    }

    /// Sends a request and returns the response as JSON.
    pub(crate) fn json(&mut self, method: &str, target: &str, body: &str) -> Value {
        serde_json::from_str(&self.request(method, target, body)).expect("JSON")
    }
}

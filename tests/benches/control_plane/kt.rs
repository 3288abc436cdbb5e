//! `kt control-plane serve` over HTTP/1.1.

use kt_tests::bench::{Database, Server, free_port, take_response};
use serde_json::json;
use std::path::{Path, PathBuf};
use std::process::Command;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A server and the token of its administrator.
pub(crate) struct Kt {
    pub(crate) server: Server,
    token: String,
}

/// A persistent connection.
pub(crate) struct KtClient {
    stream: TcpStream,
    token: String,
    buffer: Vec<u8>,
}

impl Kt {
    /// Starts a server with a file in `home`, or with a database.
    pub(crate) fn start(dist: &Path, home: &Path, database: Option<&Database>) -> Self {
        let port = free_port();
        let mut command = Command::new(dist.join("bin/kt"));
        command.args(["control-plane", "serve", "--listen"]);
        command
            .arg(format!("127.0.0.1:{port}"))
            // All requests use one token, and the limit is not measured.
            .args(["--max-requests-per-second", "0"])
            .env("KT_HOME", home);
        if let Some(database) = database {
            database.configure(&mut command);
        }
        let server = Server::start(command, port, &home.join("log"));
        let token: PathBuf = home.join("state/admin.token");
        let token = std::fs::read_to_string(token).expect("it was written");
        Self {
            server,
            token: token.trim().to_owned(),
        }
    }

    pub(crate) async fn connect(&self) -> KtClient {
        let stream = TcpStream::connect(("127.0.0.1", self.server.port));
        let stream = stream.await.expect("it listens");
        stream.set_nodelay(true).expect("a socket");
        KtClient {
            stream,
            token: self.token.clone(),
            buffer: Vec::new(),
        }
    }
}

/// Returns a configuration of 4 KiB with a different meaning for each number.
pub(crate) fn content(number: u64) -> String {
    let head = format!(
        "pack: {{name: bench, version: 1.0.{number}, enabled: true}}\npolicies: {{chain: []}}\n"
    );
    head.clone() + &"#".repeat(4096 - head.len())
}

impl KtClient {
    pub(crate) async fn register(&mut self, name: &str) {
        let new = json!({ "name": name, "content": content(0) });
        let new = new.to_string();
        self.send("POST", "/v1/gateways", "", &new).await;
        let (status, _) = self.response().await;
        assert_eq!(status, 201);
    }

    /// Publishes a version if the gateway has the revision. Returns the next revision.
    pub(crate) async fn publish(&mut self, name: &str, revision: u64, number: u64) -> u64 {
        let target = format!("/v1/gateways/{name}/config-versions");
        let more = format!("if-match: \"{revision}\"\r\ncontent-type: application/yaml\r\n");
        self.send("POST", &target, &more, &content(number)).await;
        let (status, body) = self.response().await;
        assert_eq!(status, 201, "{body}");
        revision + 1
    }

    /// Sends a long poll.
    pub(crate) async fn send_poll(&mut self, name: &str, index: u64) {
        let target = format!("/v1/gateways/{name}/desired?index={index}&wait=300");
        self.send("GET", &target, "", "").await;
    }

    /// Waits for the response to a long poll.
    pub(crate) async fn poll_response(&mut self) {
        let (status, _) = self.response().await;
        assert_eq!(status, 200);
    }

    async fn send(&mut self, method: &str, target: &str, more: &str, body: &str) {
        let head = format!(
            "{method} {target} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\n{more}content-length: {}\r\n\r\n",
            self.token,
            body.len()
        );
        let request = [head.as_bytes(), body.as_bytes()].concat();
        self.stream
            .write_all(&request)
            .await
            .expect("an open connection");
    }

    async fn response(&mut self) -> (u16, String) {
        loop {
            if let Some(response) = take_response(&mut self.buffer) {
                return response;
            }
            let read = self.stream.read_buf(&mut self.buffer).await;
            assert!(
                read.expect("a response") > 0,
                "the server closed the connection"
            );
        }
    }
}

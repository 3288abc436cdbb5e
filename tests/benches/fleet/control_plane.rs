//! The server under test, which is killed and started again.

use crate::client::Client;
use kt_tests::bench::{Database, Server, free_port};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// A server, and the token of its administrator.
pub(crate) struct ControlPlane<'a> {
    dist: PathBuf,
    home: PathBuf,
    database: Option<&'a Database>,
    pub(crate) port: u16,
    pub(crate) token: String,
    server: Option<Server>,
}

impl<'a> ControlPlane<'a> {
    pub(crate) fn start(dist: &Path, home: &Path, database: Option<&'a Database>) -> Self {
        let mut this = Self {
            dist: dist.to_owned(),
            home: home.to_owned(),
            database,
            port: free_port(),
            token: String::new(),
            server: None,
        };
        this.start_server();
        let token = std::fs::read_to_string(home.join("state/admin.token"));
        token
            .expect("it was written")
            .trim()
            .clone_into(&mut this.token);
        this
    }

    fn start_server(&mut self) {
        let mut command = Command::new(self.dist.join("bin/kt"));
        command
            .args(["control-plane", "serve", "--max-requests-per-second", "0"])
            .args(["--listen", &format!("127.0.0.1:{}", self.port)])
            .env("KT_HOME", &self.home);
        if let Some(database) = self.database {
            database.configure(&mut command);
        }
        let log = self.home.join("log");
        self.server = Some(Server::start(command, self.port, &log));
    }

    /// Kills the server, and perhaps the database, and starts them again.
    pub(crate) fn kill_and_restart(&mut self, database: bool) {
        if let Some(server) = self.server.take() {
            server.kill();
        }
        if database {
            self.restart_database();
        }
        self.start_server();
    }

    /// Kills the database, and starts it again, while the server runs.
    pub(crate) fn restart_database(&self) {
        if let Some(database) = self.database {
            database.restart();
        }
    }

    pub(crate) fn server(&self) -> &Server {
        self.server.as_ref().expect("it runs")
    }

    pub(crate) fn threads(&self) -> usize {
        let tasks = format!("/proc/{}/task", self.server().id());
        std::fs::read_dir(tasks).map_or(0, Iterator::count)
    }

    pub(crate) async fn connect(&self) -> Client {
        let client = Client::connect(self.port, &self.token).await;
        client.expect("it listens")
    }

    /// Sends a request that must succeed.
    pub(crate) async fn request(&self, method: &str, target: &str, body: &str) -> Value {
        let response = self.connect().await.request(method, target, body).await;
        let (status, body) = response.expect("a response");
        assert!(status < 300, "{method} {target}: {status} {body}");
        body
    }

    /// Waits until the server has this number of waiting requests.
    pub(crate) async fn waits(&self, number: usize) {
        let expected = format!("kt_cp_long_polls {number}\n");
        while !self.metrics().await.contains(&expected) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn metrics(&self) -> String {
        let response = self.connect().await.text("/metrics").await;
        response.unwrap_or_default()
    }
}

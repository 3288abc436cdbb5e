//! A control plane server.

use crate::harness::{Background, HttpResponse, Postgres, Sandbox, TIMEOUT, TestCommand, http};
use rustix::process::Signal;
use serde_json::Value;

/// A server with its own state directory, which is stopped on drop.
pub(crate) struct Server {
    pub(crate) home: Sandbox,
    process: Option<Background>,
    database: Option<(String, String)>,
    options: &'static str,
    /// Where the next process is to be killed.
    crash_at: Option<&'static str>,
    pub(crate) port: u16,
    pub(crate) token: String,
}

impl Server {
    /// Starts a server with a store in a file.
    pub(crate) fn start() -> Self {
        Self::over(None, "", None)
    }

    /// Starts a server with a store in a file, and further options.
    pub(crate) fn with(options: &'static str) -> Self {
        Self::over(None, options, None)
    }

    /// Starts a server with a database. `token` is empty when the database has an administrator.
    pub(crate) fn on(database: &Postgres) -> Self {
        Self::at(database, database.url())
    }

    /// Starts a server with a database at a URL.
    pub(crate) fn at(database: &Postgres, url: &str) -> Self {
        let database = (url.to_owned(), database.password().to_owned());
        Self::over(Some(database), "", None)
    }

    /// Starts a server, with a store in a file or with a database, that is killed at a point, as by
    /// SIGKILL. It does not crash after a restart.
    pub(crate) fn crashing_at(point: &'static str, database: Option<&Postgres>) -> Self {
        let database = database.map(|one| (one.url().to_owned(), one.password().to_owned()));
        Self::over(database, "", Some(point))
    }

    fn over(
        database: Option<(String, String)>,
        options: &'static str,
        crash_at: Option<&'static str>,
    ) -> Self {
        let mut server = Self {
            home: Sandbox::new(),
            process: None,
            database,
            options,
            crash_at,
            port: 0,
            token: String::new(),
        };
        server.start_again();
        let file = server.home.home().join("state/admin.token");
        let token = std::fs::read_to_string(file).unwrap_or_default();
        token.trim().clone_into(&mut server.token);
        server
    }

    /// Restarts the server on a new port, with its state.
    pub(crate) fn start_again(&mut self) {
        self.listen_on(0);
    }

    /// Restarts the server on the same port.
    pub(crate) fn start_again_at_port(&mut self) {
        self.listen_on(self.port);
    }

    fn listen_on(&mut self, port: u16) {
        let command = self.command(port);
        let mut process = match self.crash_at.take() {
            Some(point) => command.env("KT_CRASH_AT", point).spawn(),
            None => command.spawn(),
        };
        self.port = process.wait_for("an address", TIMEOUT, |out, err| {
            let all = format!("{out}{err}");
            let (_, rest) = all.split_once("http://127.0.0.1:")?;
            let end = rest.find(|c: char| !c.is_ascii_digit())?;
            rest.get(..end)?.parse().ok()
        });
        self.process = Some(process);
    }

    fn command(&self, port: u16) -> TestCommand {
        let options = self.options;
        let line = format!("control-plane serve --listen 127.0.0.1:{port} -o json {options}");
        match &self.database {
            None => self.home.kt_line(&line),
            Some((url, password)) => self
                .home
                .kt_line(&line)
                .args(["--database", url])
                .env("KT_DATABASE_PASSWORD", password),
        }
    }

    /// Returns the log.
    pub(crate) fn log(&self) -> String {
        let process = self.process.as_ref();
        process.map(Background::stderr).unwrap_or_default()
    }

    /// Returns the URL.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Returns the id of the process.
    pub(crate) fn id(&self) -> u32 {
        self.process.as_ref().expect("it runs").id()
    }

    /// Sends SIGKILL, without waiting for the end of the process.
    pub(crate) fn signal_kill(&self) {
        if let Some(process) = &self.process {
            process.signal(Signal::KILL);
        }
    }

    /// Sends SIGKILL, and waits for the end of the process.
    pub(crate) fn kill(&mut self) {
        if let Some(process) = self.process.take() {
            process.signal(Signal::KILL);
            drop(process.wait(TIMEOUT));
        }
    }

    /// Waits for the end of a process that is killed at a point.
    pub(crate) fn wait_for_crash(&mut self) {
        if let Some(process) = self.process.take() {
            drop(process.wait(TIMEOUT));
        }
    }

    /// Sends SIGTERM, and waits for a regular end.
    pub(crate) fn terminate(&mut self) {
        if let Some(process) = self.process.take() {
            process.signal(Signal::TERM);
            process.wait(TIMEOUT).ok();
        }
    }

    /// Sends a request with a token.
    ///
    /// # Errors
    /// When the response is not complete.
    pub(crate) fn send(
        &self,
        token: &str,
        line: &str,
        body: Option<&Value>,
    ) -> std::io::Result<HttpResponse> {
        let (method, target) = line.split_once(' ').expect("a method and a target");
        let body = body.map(Value::to_string).unwrap_or_default();
        let authorization = format!("Bearer {token}");
        let headers = [
            ("authorization", authorization.as_str()),
            ("content-type", "application/json"),
        ];
        http(self.port, method, target, &headers, &body)
    }
}

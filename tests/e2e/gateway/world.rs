//! A sandbox with a control plane in one of its two forms, and gateways in it.

use super::provider::Provider;
use super::server::Server;
use crate::harness::{
    Background, CommandOutput, HttpResponse, Postgres, Sandbox, TIMEOUT, TestCommand, http,
    wait_until, workspace,
};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::path::PathBuf;

/// How the control plane is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// In process, on the file in the state directory.
    Embedded,
    /// Over HTTP.
    Server,
    /// Over HTTP, on a PostgreSQL database.
    Postgres,
}

/// A place to administer gateways.
pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    server: Option<Server>,
    /// Ends after the server that uses it.
    _database: Option<Postgres>,
}

/// A running gateway.
pub(crate) struct Gateway {
    pub(crate) process: Background,
    pub(crate) port: u16,
    pub(crate) admin_port: u16,
}

impl World {
    /// A world whose control plane needs nothing of the system.
    pub(crate) fn new(mode: Mode) -> Self {
        Self::where_possible(mode).expect("only PostgreSQL may be missing")
    }

    /// The same for any mode; nothing where PostgreSQL is missing.
    pub(crate) fn where_possible(mode: Mode) -> Option<Self> {
        let (server, database) = match mode {
            Mode::Embedded => (None, None),
            Mode::Server => (Some(Server::start()), None),
            Mode::Postgres => {
                let database = Postgres::start()?;
                (Some(Server::on(&database)), Some(database))
            }
        };
        let world = Self {
            sandbox: Sandbox::new(),
            server,
            _database: database,
        };
        world.sandbox.write("policy-config.yaml", example());
        Some(world)
    }

    /// A run of `kt` with the words of a line, pointed at the control plane.
    pub(crate) fn kt(&self, line: &str) -> TestCommand {
        let run = self.sandbox.kt_line(line);
        match &self.server {
            None => run,
            Some(s) => run
                .env("KEEPTRUSTS_API_URL", s.url())
                .env("KEEPTRUSTS_API_TOKEN", &s.token),
        }
    }

    /// The port of the server.
    pub(crate) fn server_port(&self) -> u16 {
        self.server.as_ref().expect("there is a server").port
    }

    /// Registers `production` with a file of the working directory.
    pub(crate) fn create(&self, file: &str) -> String {
        let output = self
            .kt(&format!(
                "gateway create --name production --file {file} -o json"
            ))
            .run();
        output.ok().text_at("/id")
    }

    /// Runs the gateway `production` until the value is dropped.
    pub(crate) fn run(&self, more: &str) -> Gateway {
        self.run_with(more, &[])
    }

    /// The same, with variables.
    pub(crate) fn run_with(&self, more: &str, vars: &[(&str, &str)]) -> Gateway {
        let line =
            format!("gateway run --id production --listen 127.0.0.1:0 --workers 2 -o json {more}");
        let run = vars
            .iter()
            .fold(self.kt(&line), |run, (name, value)| run.env(name, value));
        Gateway::of(run.spawn())
    }

    /// What `kt gateway inspect` says.
    pub(crate) fn inspect(&self) -> Value {
        self.kt("gateway inspect --id production -o json")
            .run()
            .ok()
            .json()
    }

    /// Waits until the gateway is in this state.
    pub(crate) fn until_state(&self, state: &str) {
        wait_until(&format!("the state {state}"), TIMEOUT, || {
            (self.inspect()["state"] == json!(state)).then_some(())
        });
    }

    /// A file of the gateway's own folder in the state directory.
    pub(crate) fn gateway_file(&self, id: &str, name: &str) -> PathBuf {
        self.sandbox
            .home()
            .join("state/gateway")
            .join(id)
            .join(name)
    }

    /// Asserts that the server's database holds no such text: tokens are kept as
    /// hashes.
    pub(crate) fn assert_not_in_server_store(&self, text: &str) {
        let Some(server) = &self.server else { return };
        for name in ["control-plane.db", "control-plane.db-wal"] {
            let bytes =
                std::fs::read(server.home.home().join("state").join(name)).unwrap_or_default();
            let found = bytes.windows(text.len()).any(|w| w == text.as_bytes());
            assert!(!found, "`{text}` is in {name}");
        }
    }

    /// The secret that reaches the server, when there is one.
    pub(crate) fn token(&self) -> Option<&str> {
        self.server.as_ref().map(|s| s.token.as_str())
    }
}

/// The example configuration of the documentation.
pub(crate) fn example() -> String {
    std::fs::read_to_string(workspace().join("docs/examples/policy-config.yaml"))
        .expect("it is in the repository")
}

/// A configuration whose only upstream is at `url`.
pub(crate) fn with_upstream(url: &str, more: &str) -> String {
    format!(
        "pack: {{name: tests, version: 1.0.0, enabled: true}}\n\
         providers:\n  targets:\n    - {{id: main, provider: own, base_url: '{url}'{more}}}\n\
         policies:\n  chain: [prompt-injection, pii-detector, audit-logger]\n\
         policy:\n  prompt-injection: {{response: {{action: block}}}}\n  pii-detector: {{action: redact}}\n  audit-logger: {{retention_days: 30}}\n"
    )
}

/// A world with a running gateway whose only upstream is the provider.
pub(crate) fn started(provider: &Provider) -> (World, Gateway) {
    let world = World::new(Mode::Embedded);
    world
        .sandbox
        .write("one.yaml", with_upstream(&provider.url(), ""));
    world.create("one.yaml");
    let gateway = world.run("");
    (world, gateway)
}

impl Gateway {
    /// Waits until the process says where it listens.
    pub(crate) fn of(mut process: Background) -> Self {
        let ports = process.wait_for("its addresses", TIMEOUT, |out, _| {
            let event = out.lines().find_map(|l| {
                serde_json::from_str::<Value>(l)
                    .ok()
                    .filter(|v| v["event"] == json!("listening"))
            })?;
            let port = |key: &str| {
                event["data"][key]
                    .as_str()?
                    .rsplit(':')
                    .next()?
                    .parse::<u16>()
                    .ok()
            };
            Some((port("listen")?, port("admin_listen")?))
        });
        Self {
            process,
            port: ports.0,
            admin_port: ports.1,
        }
    }

    /// Sends one user message.
    pub(crate) fn chat(&self, model: &str, text: &str) -> HttpResponse {
        self.post(&json!({ "model": model, "messages": [{ "role": "user", "content": text }] }))
    }

    /// Sends a request.
    pub(crate) fn post(&self, body: &Value) -> HttpResponse {
        http(
            self.port,
            "POST",
            "/v1/chat/completions",
            &[("content-type", "application/json")],
            &body.to_string(),
        )
        .expect("the gateway answers")
    }

    /// Ends it in order.
    pub(crate) fn stop(self) -> CommandOutput {
        self.process.signal(Signal::TERM);
        self.process.wait(TIMEOUT)
    }
}

/// The JSON of an answer.
pub(crate) fn body(reply: &HttpResponse) -> Value {
    serde_json::from_str(&reply.body).unwrap_or_else(|e| panic!("{e}: {}", reply.body))
}

/// What the assistant said in an answer.
pub(crate) fn said(reply: &HttpResponse) -> String {
    let value = body(reply);
    value["choices"][0]["message"]["content"]
        .as_str()
        .unwrap_or_else(|| panic!("{value}"))
        .to_owned()
}

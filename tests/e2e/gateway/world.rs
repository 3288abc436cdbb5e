//! A sandbox with a control plane, and gateways in it.

use super::provider::Provider;
use super::server::Server;
use crate::harness::{
    Background, CommandOutput, HttpResponse, Postgres, Sandbox, TIMEOUT, TestCommand, http,
    wait_until, workspace,
};
use rustix::process::Signal;
use serde_json::{Value, json};
use std::path::PathBuf;

/// The control plane of a world.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Embedded, with the file in the state directory.
    Embedded,
    /// A server with a file.
    Server,
    /// A server with a PostgreSQL database.
    Postgres,
}

/// A sandbox and its control plane.
pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    server: Option<Server>,
    /// Dropped after the server that uses it.
    _database: Option<Postgres>,
}

/// A running gateway.
pub(crate) struct Gateway {
    pub(crate) process: Background,
    pub(crate) port: u16,
    pub(crate) admin_port: u16,
}

impl World {
    /// A world whose control plane has no requirements.
    pub(crate) fn new(mode: Mode) -> Self {
        Self::try_new(mode).expect("PostgreSQL is the only requirement")
    }

    /// A world for any mode; nothing where PostgreSQL is missing.
    pub(crate) fn try_new(mode: Mode) -> Option<Self> {
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

    /// Returns a command of `kt` that uses the control plane.
    pub(crate) fn kt(&self, line: &str) -> TestCommand {
        self.kt_in(&self.sandbox, line)
    }

    /// Returns a command of `kt` that uses the control plane from another sandbox, as from another
    /// machine.
    pub(crate) fn kt_in(&self, sandbox: &Sandbox, line: &str) -> TestCommand {
        let command = sandbox.kt_line(line);
        match &self.server {
            None => command,
            Some(s) => command
                .env("KEEPTRUSTS_API_URL", s.url())
                .env("KEEPTRUSTS_API_TOKEN", &s.token),
        }
    }

    /// Returns the port of the server.
    pub(crate) fn server_port(&self) -> u16 {
        self.server.as_ref().expect("there is a server").port
    }

    /// Registers `production` with a file of the working directory, and returns its id.
    pub(crate) fn create(&self, file: &str) -> String {
        let output = self
            .kt(&format!(
                "gateway create --name production --file {file} -o json"
            ))
            .run();
        output.ok().text_at("/id")
    }

    /// Runs the gateway `production` until the result is dropped.
    pub(crate) fn run(&self, more: &str) -> Gateway {
        self.run_with(more, &[])
    }

    /// Runs the gateway with environment variables.
    pub(crate) fn run_with(&self, more: &str, vars: &[(&str, &str)]) -> Gateway {
        let line =
            format!("gateway run --id production --listen 127.0.0.1:0 --workers 2 -o json {more}");
        let run = vars
            .iter()
            .fold(self.kt(&line), |run, (name, value)| run.env(name, value));
        Gateway::of(run.spawn())
    }

    /// Returns the output of `kt gateway inspect`.
    pub(crate) fn inspect(&self) -> Value {
        self.kt("gateway inspect --id production -o json")
            .run()
            .ok()
            .json()
    }

    /// Waits for a state of the gateway.
    pub(crate) fn until_state(&self, state: &str) {
        wait_until(&format!("the state {state}"), TIMEOUT, || {
            (self.inspect()["state"] == json!(state)).then_some(())
        });
    }

    /// Returns the path of a file in the gateway's directory.
    pub(crate) fn gateway_file(&self, id: &str, name: &str) -> PathBuf {
        self.sandbox
            .home()
            .join("state/gateway")
            .join(id)
            .join(name)
    }

    /// Asserts that the database of the server does not contain a text: tokens are
    /// stored as hashes.
    pub(crate) fn assert_not_in_server_store(&self, text: &str) {
        let Some(server) = &self.server else { return };
        for name in ["control-plane.db", "control-plane.db-wal"] {
            let bytes =
                std::fs::read(server.home.home().join("state").join(name)).unwrap_or_default();
            let found = bytes.windows(text.len()).any(|w| w == text.as_bytes());
            assert!(!found, "`{text}` is in {name}");
        }
    }

    /// Returns the administrator's token, if there is a server.
    pub(crate) fn token(&self) -> Option<&str> {
        self.server.as_ref().map(|s| s.token.as_str())
    }
}

/// Returns the example configuration of the documentation.
pub(crate) fn example() -> String {
    std::fs::read_to_string(workspace().join("docs/examples/policy-config.yaml"))
        .expect("it is in the repository")
}

/// Returns a configuration whose only upstream is at `url`.
pub(crate) fn with_upstream(url: &str, more: &str) -> String {
    format!(
        "pack: {{name: tests, version: 1.0.0, enabled: true}}\n\
         providers:\n  targets:\n    - {{id: main, provider: own, base_url: '{url}'{more}}}\n\
         policies:\n  chain: [prompt-injection, pii-detector, audit-logger]\n\
         policy:\n  prompt-injection: {{response: {{action: block}}}}\n  pii-detector: {{action: redact}}\n  audit-logger: {{retention_days: 30}}\n"
    )
}

/// Returns a world with a running gateway whose only upstream is the provider.
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
    /// Waits for the addresses of the process.
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
        .expect("the gateway responds")
    }

    /// Sends SIGTERM and waits for the end.
    pub(crate) fn stop(self) -> CommandOutput {
        self.process.signal(Signal::TERM);
        self.process.wait(TIMEOUT)
    }
}

/// Returns the JSON of a response.
pub(crate) fn body(reply: &HttpResponse) -> Value {
    serde_json::from_str(&reply.body).unwrap_or_else(|e| panic!("{e}: {}", reply.body))
}

/// Returns the text of the assistant in a response.
pub(crate) fn reply_text(reply: &HttpResponse) -> String {
    let value = body(reply);
    value["choices"][0]["message"]["content"]
        .as_str()
        .unwrap_or_else(|| panic!("{value}"))
        .to_owned()
}

//! Rate limits, and clients that honor `Retry-After`.

use crate::gateway::{Gateway, Mode, Server, World};
use crate::harness::{Sandbox, wait_until};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpSocket;

const TIMEOUT: Duration = Duration::from_secs(60);

/// Repeats a request until its status is 429, and checks `Retry-After`.
fn until_limited(server: &Server, token: &str) {
    let mut answers = (0..1000).map(|_| server.send(token, "GET /v1/whoami", None));
    let refused = answers.find_map(|answer| answer.ok().filter(|reply| reply.status == 429));
    let refused = refused.expect("no limit after 1000 requests");
    let wait = refused.head.to_ascii_lowercase();
    let (_, wait) = wait.split_once("retry-after: ").expect("no retry-after");
    let seconds = wait.lines().next().and_then(|text| text.parse().ok());
    assert!(seconds.is_some_and(|s: u32| s >= 1), "{refused:?}");
}

#[test]
fn a_token_over_its_limit_does_not_limit_others() {
    let server = Server::with("--max-requests-per-second 1");
    let kt = |line: &str| server.home.kt_line(line).run();
    let made = kt("token create --name busy --scope read -o json");
    let busy = made.ok().text_at("/token").to_owned();
    until_limited(&server, &busy);
    let other = server.send(&server.token, "GET /v1/whoami", None);
    assert_eq!(other.expect("it answers").status, 200);
    for _ in 0..5 {
        kt("gateway list").ok();
    }
    // The command honors `Retry-After`.
    for _ in 0..3 {
        let listed = server.home.kt_line("gateway list");
        let listed = listed
            .env("KEEPTRUSTS_API_URL", server.url())
            .env("KEEPTRUSTS_API_TOKEN", &busy);
        listed.run().ok();
    }
}

#[test]
fn invalid_tokens_are_limited_and_logged_and_do_not_limit_valid_ones() {
    let server = Server::start();
    let (bad, wrong) = ("kt_at_hunter2", "hunter3");
    for token in [bad, wrong] {
        until_limited(&server, token);
        let good = server.send(&server.token, "GET /v1/whoami", None);
        assert_eq!(good.expect("it answers").status, 200);
    }
    let logged = wait_until("a log line", TIMEOUT, || {
        let log = server.log();
        log.contains("requests without a valid token")
            .then_some(log)
    });
    assert!(logged.contains("127.0.0.1"), "{logged}");
    // One line per minute.
    let lines = logged.matches("without a valid token").count();
    assert!(lines <= 2, "{logged}");
    assert!(!logged.contains("hunter"), "{logged}");
}

/// Returns the audit log rows of failed authentications, oldest first.
fn auth_failures(server: &Server) -> Vec<Value> {
    let list = "audit list --action auth.refused --limit 1000 -o json";
    let rows = server.home.kt_line(list).run().ok().json();
    let mut rows = rows.as_array().cloned().unwrap_or_default();
    rows.reverse();
    rows
}

#[test]
fn an_invalid_token_is_recorded_in_the_audit_log() {
    let server = Server::start();
    // A well-formed token that is not valid.
    let made = server
        .home
        .kt_line("token create --name gone --scope read -o json");
    let made = made.run().ok().json();
    let (wrong, id) = (&made["token"], &made["id"]);
    let wrong = wrong.as_str().expect("a token");
    let revoke = format!("token revoke --token-id {}", id.as_str().expect("an id"));
    server.home.kt_line(&revoke).run().ok();
    let list = server.home.kt_line("gateway list");
    let list = list
        .env("KEEPTRUSTS_API_URL", server.url())
        .env("KEEPTRUSTS_API_TOKEN", wrong);
    list.run().exits(4).stdout_is_empty();
    let rows = wait_until("an audit log row", TIMEOUT, || {
        Some(auth_failures(&server)).filter(|rows| !rows.is_empty())
    });
    let [row] = &rows[..] else {
        panic!("more than one row: {rows:?}")
    };
    assert_eq!(row["actor"], "anonymous", "{row}");
    assert_eq!(row["target"], "127.0.0.1", "{row}");
    assert_eq!(row["detail"]["failures"], 1, "{row}");
    let all = server.home.kt_line("audit export").run();
    let (_, secret) = wrong.rsplit_once('_').expect("it has a prefix");
    all.ok()
        .stdout_contains("auth.refused")
        .stdout_excludes(secret);
    server.home.kt_line("audit verify").run().ok();
}

/// Sends a request without a token from another loopback address.
async fn request_from(last: u8, port: u16) -> std::io::Result<()> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(([127, 0, 1, last], 0).into())?;
    let mut stream = socket.connect(([127, 0, 0, 1], port).into()).await?;
    let request = "GET /v1/whoami HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    Ok(())
}

#[test]
fn failed_authentications_cannot_fill_the_audit_log() {
    if !cfg!(target_os = "linux") {
        // Other systems have only one loopback address.
        return;
    }
    let server = Server::start();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    for last in 1..=30 {
        for _ in 0..3 {
            let asked = runtime.block_on(request_from(last, server.port));
            asked.expect("it answers");
        }
    }
    let known = wait_until("the rows of one minute", TIMEOUT, || {
        Some(auth_failures(&server)).filter(|rows| rows.len() >= 20)
    });
    // Other changes are still recorded.
    server.home.kt_line("gateway create --name edge").run().ok();
    let rows = auth_failures(&server);
    assert_eq!(rows, known, "the others are added up later");
    let targets: BTreeSet<_> = rows.iter().map(|row| row["target"].to_string()).collect();
    assert_eq!(targets.len(), 20, "one per address: {rows:?}");
}

#[test]
fn an_invalid_limit_is_rejected() {
    let sandbox = Sandbox::new();
    for wrong in ["-1", "1000001", "x"] {
        let line = format!("control-plane serve --max-requests-per-second={wrong}");
        sandbox.kt_line(&line).run().exits(2).stdout_is_empty();
    }
}

/// Starts a server that sends the responses in order and then repeats the last one. Reports the
/// first line and the time of each request.
fn scripted(
    answers: Vec<(&'static str, u32, &'static str)>,
) -> (String, Receiver<(String, Instant)>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let port = listener.local_addr().expect("it is bound").port();
    let (sender, requests) = channel();
    std::thread::spawn(move || {
        for (count, stream) in listener.incoming().enumerate() {
            let Ok(mut stream) = stream else { return };
            let mut request = [0; 8192];
            let read = stream.read(&mut request).unwrap_or_default();
            let request = String::from_utf8_lossy(&request[..read]);
            let line = request.lines().next().unwrap_or_default().to_owned();
            drop(sender.send((line, Instant::now())));
            let at = count.min(answers.len() - 1);
            let (status, wait, body) = answers[at];
            let length = body.len();
            let answer = format!(
                "HTTP/1.1 {status}\r\ncontent-type: application/json\r\nretry-after: {wait}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
            );
            drop(stream.write_all(answer.as_bytes()));
        }
    });
    (format!("http://127.0.0.1:{port}"), requests)
}

const BUSY: &str = r#"{"type": "/problems/rate-limited", "title": "Too many requests", "status": 429, "detail": "x", "code": "rate-limited"}"#;
const NONE: &str = r#"{"items": [], "next_cursor": null}"#;

#[test]
fn a_command_waits_and_repeats_the_request() {
    let sandbox = Sandbox::new();
    for early in [("429 Too Many Requests", 1, BUSY), ("503 Busy", 1, "")] {
        let (url, requests) = scripted(vec![early, ("200 OK", 0, NONE)]);
        let list = sandbox.kt_line("gateway list -o json");
        let output = list.env("KEEPTRUSTS_API_URL", &url).run();
        assert_eq!(output.ok().json(), json!([]), "{output}");
        let times: Vec<_> = requests.try_iter().map(|(_, at)| at).collect();
        let [first, second] = times[..] else {
            panic!("{} requests{output}", times.len())
        };
        assert!(second.duration_since(first) >= Duration::from_secs(1));
    }
}

#[test]
fn a_command_without_time_to_wait_reports_the_wait() {
    let sandbox = Sandbox::new();
    for (line, wait) in [("gateway list", 3600), ("gateway list --timeout 2s", 5)] {
        let (url, requests) = scripted(vec![("429 Too Many Requests", wait, BUSY)]);
        let output = sandbox.kt_line(line).env("KEEPTRUSTS_API_URL", &url).run();
        let message = format!("the control plane requests a retry after {wait} s");
        output.exits(7).stdout_is_empty().stderr_contains(&message);
        assert_eq!(requests.try_iter().count(), 1, "{output}");
    }
}

#[test]
fn a_gateway_honors_retry_after_of_429() {
    assert_polls_honor_retry_after(("429 Too Many Requests", 2, BUSY));
}

/// A server that shuts down responds so.
#[test]
fn a_gateway_honors_retry_after_of_304() {
    assert_polls_honor_retry_after(("304 Not Modified", 2, ""));
}

fn assert_polls_honor_retry_after(answer: (&'static str, u32, &'static str)) {
    let world = World::new(Mode::Embedded);
    world.create("policy-config.yaml");
    world.run("").stop().ok();
    let (url, requests) = scripted(vec![answer]);
    let line = "gateway run --id production --listen 127.0.0.1:0 -o json";
    let run = world.kt(line).env("KEEPTRUSTS_API_URL", &url);
    let gateway = Gateway::of(run.spawn());
    let mut polls = Vec::new();
    while polls.len() < 3 {
        let (line, at) = requests.recv_timeout(TIMEOUT).expect("another poll");
        if line.contains("/desired") {
            polls.push(at);
        }
    }
    for pair in polls.windows(2) {
        assert!(pair[1].duration_since(pair[0]) >= Duration::from_secs(2));
    }
    assert_eq!(gateway.chat("m", "hello").status, 200);
    gateway.stop().ok();
}

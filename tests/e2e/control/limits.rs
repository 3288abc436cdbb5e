//! Callers that ask too often, and clients that are asked to wait.

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

const PATIENCE: Duration = Duration::from_secs(60);

/// Asks until the answer is 429, which says when to come back.
fn until_refused(server: &Server, token: &str) {
    let mut answers = (0..1000).map(|_| server.send(token, "GET /v1/whoami", None));
    let refused = answers.find_map(|answer| answer.ok().filter(|reply| reply.status == 429));
    let refused = refused.expect("a thousand requests are too many");
    let wait = refused.head.to_ascii_lowercase();
    let (_, wait) = wait.split_once("retry-after: ").expect("it says when");
    let seconds = wait.lines().next().and_then(|text| text.parse().ok());
    assert!(seconds.is_some_and(|s: u32| s >= 1), "{refused:?}");
}

#[test]
fn a_token_over_its_limit_keeps_nobody_else_out() {
    let server = Server::with("--max-requests-per-second 1");
    let kt = |line: &str| server.home.kt_line(line).run();
    let made = kt("token create --name busy --scope read -o json");
    let busy = made.ok().text_at("/token").to_owned();
    until_refused(&server, &busy);
    let other = server.send(&server.token, "GET /v1/whoami", None);
    assert_eq!(other.expect("it answers").status, 200);
    for _ in 0..5 {
        kt("gateway list").ok();
    }
    // The command waits for as long as it is told to.
    for _ in 0..3 {
        let listed = server.home.kt_line("gateway list");
        let listed = listed
            .env("KEEPTRUSTS_API_URL", server.url())
            .env("KEEPTRUSTS_API_TOKEN", &busy);
        listed.run().ok();
    }
}

#[test]
fn bad_tokens_are_counted_and_told_of_and_keep_no_good_one_out() {
    let server = Server::start();
    let (bad, wrong) = ("kt_at_hunter2", "hunter3");
    for token in [bad, wrong] {
        until_refused(&server, token);
        let good = server.send(&server.token, "GET /v1/whoami", None);
        assert_eq!(good.expect("it answers").status, 200);
    }
    let told = wait_until("a line of the log", PATIENCE, || {
        let log = server.log();
        log.contains("requests without a valid token")
            .then_some(log)
    });
    assert!(told.contains("127.0.0.1"), "{told}");
    // One line for a minute.
    let lines = told.matches("without a valid token").count();
    assert!(lines <= 2, "{told}");
    assert!(!told.contains("hunter"), "{told}");
}

/// Rows of the trail that tell of refusals, the oldest first.
fn refusals(server: &Server) -> Vec<Value> {
    let list = "audit list --action auth.refused --limit 1000 -o json";
    let rows = server.home.kt_line(list).run().ok().json();
    let mut rows = rows.as_array().cloned().unwrap_or_default();
    rows.reverse();
    rows
}

#[test]
fn a_wrong_token_shows_in_the_trail() {
    let server = Server::start();
    // Of the right form, and nobody's.
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
    list.run().exits(4).silent();
    let rows = wait_until("a row of the trail", PATIENCE, || {
        Some(refusals(&server)).filter(|rows| !rows.is_empty())
    });
    let [row] = &rows[..] else {
        panic!("one request was refused: {rows:?}")
    };
    assert_eq!(row["actor"], "anonymous", "{row}");
    assert_eq!(row["target"], "127.0.0.1", "{row}");
    assert_eq!(row["detail"]["failures"], 1, "{row}");
    let all = server.home.kt_line("audit export").run();
    let (_, secret) = wrong.rsplit_once('_').expect("it has a prefix");
    all.ok().out_has("auth.refused").out_lacks(secret);
    server.home.kt_line("audit verify").run().ok();
}

/// Asks without a valid token, from another address of this machine.
async fn refused_from(last: u8, port: u16) -> std::io::Result<()> {
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
fn refusals_cannot_fill_the_trail() {
    if !cfg!(target_os = "linux") {
        // Elsewhere, a machine has one loopback address.
        return;
    }
    let server = Server::start();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("the system lets it");
    for last in 1..=30 {
        for _ in 0..3 {
            let asked = runtime.block_on(refused_from(last, server.port));
            asked.expect("it answers");
        }
    }
    let known = wait_until("the rows of a minute", PATIENCE, || {
        Some(refusals(&server)).filter(|rows| rows.len() >= 20)
    });
    // What comes after them goes by: a change that is made now is in the trail.
    server.home.kt_line("gateway create --name edge").run().ok();
    let rows = refusals(&server);
    assert_eq!(rows, known, "the others wait to be summed up");
    let targets: BTreeSet<_> = rows.iter().map(|row| row["target"].to_string()).collect();
    assert_eq!(targets.len(), 20, "one for each address: {rows:?}");
}

#[test]
fn a_limit_that_is_none_is_refused() {
    let sandbox = Sandbox::new();
    for wrong in ["-1", "1000001", "x"] {
        let line = format!("control-plane serve --max-requests-per-second={wrong}");
        sandbox.kt_line(&line).run().exits(2).silent();
    }
}

/// Answers each request with the next of the answers, and then always with the last. Tells of
/// each request: its first line, and when it came.
fn scripted(
    answers: Vec<(&'static str, u32, &'static str)>,
) -> (String, Receiver<(String, Instant)>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
    let port = listener.local_addr().expect("it is bound").port();
    let (tell, told) = channel();
    std::thread::spawn(move || {
        for (count, stream) in listener.incoming().enumerate() {
            let Ok(mut stream) = stream else { return };
            let mut request = [0; 8192];
            let read = stream.read(&mut request).unwrap_or_default();
            let request = String::from_utf8_lossy(&request[..read]);
            let line = request.lines().next().unwrap_or_default().to_owned();
            drop(tell.send((line, Instant::now())));
            let at = count.min(answers.len() - 1);
            let (status, wait, body) = answers[at];
            let length = body.len();
            let answer = format!(
                "HTTP/1.1 {status}\r\ncontent-type: application/json\r\nretry-after: {wait}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
            );
            drop(stream.write_all(answer.as_bytes()));
        }
    });
    (format!("http://127.0.0.1:{port}"), told)
}

const BUSY: &str = r#"{"type": "/problems/rate-limited", "title": "Too many requests", "status": 429, "detail": "x", "code": "rate-limited"}"#;
const NONE: &str = r#"{"items": [], "next_cursor": null}"#;

#[test]
fn a_command_waits_as_asked_and_then_asks_again() {
    let sandbox = Sandbox::new();
    for early in [("429 Too Many Requests", 1, BUSY), ("503 Busy", 1, "")] {
        let (url, told) = scripted(vec![early, ("200 OK", 0, NONE)]);
        let list = sandbox.kt_line("gateway list -o json");
        let ran = list.env("KEEPTRUSTS_API_URL", &url).run();
        assert_eq!(ran.ok().json(), json!([]), "{ran}");
        let times: Vec<_> = told.try_iter().map(|(_, at)| at).collect();
        let [first, second] = times[..] else {
            panic!("{} requests{ran}", times.len())
        };
        assert!(second.duration_since(first) >= Duration::from_secs(1));
    }
}

#[test]
fn a_command_without_the_time_to_wait_says_how_long_that_would_be() {
    let sandbox = Sandbox::new();
    for (line, wait) in [("gateway list", 3600), ("gateway list --timeout 2s", 5)] {
        let (url, told) = scripted(vec![("429 Too Many Requests", wait, BUSY)]);
        let ran = sandbox.kt_line(line).env("KEEPTRUSTS_API_URL", &url).run();
        let asked = format!("the control plane requests a retry after {wait} s");
        ran.exits(7).silent().err_has(&asked);
        assert_eq!(told.try_iter().count(), 1, "{ran}");
    }
}

#[test]
fn a_gateway_polls_no_sooner_than_asked() {
    polls_no_sooner_than_asked(("429 Too Many Requests", 2, BUSY));
}

/// As by a server that ends: it would find none there.
#[test]
fn a_gateway_whose_wait_was_cut_short_comes_back_when_it_was_told() {
    polls_no_sooner_than_asked(("304 Not Modified", 2, ""));
}

fn polls_no_sooner_than_asked(answer: (&'static str, u32, &'static str)) {
    let world = World::new(Mode::Embedded);
    world.create("policy-config.yaml");
    world.run("").stop().ok();
    let (url, told) = scripted(vec![answer]);
    let line = "gateway run --id production --listen 127.0.0.1:0 -o json";
    let run = world.kt(line).env("KEEPTRUSTS_API_URL", &url);
    let gateway = Gateway::of(run.spawn());
    let mut polls = Vec::new();
    while polls.len() < 3 {
        let (line, at) = told.recv_timeout(PATIENCE).expect("it asks again");
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

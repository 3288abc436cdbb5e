//! A scripted guard over HTTP: Presidio's analyzer for a list of names, or any answer.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What it finds, and as what.
const NAMES: [(&str, &str); 4] = [
    ("Ann Smith", "PERSON"),
    ("Smith & Sons", "ORGANIZATION"),
    ("Ｊａｎｅ", "PERSON"),
    ("😀 Bob", "PERSON"),
];

/// The running analyzer.
pub(super) struct Analyzer {
    port: u16,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    /// The head and the body of every request.
    requests: Mutex<Vec<(String, Value)>>,
    /// The connections that were accepted.
    connections: Mutex<usize>,
}

impl Analyzer {
    /// Starts the analyzer on a free port; it runs as long as the process of the test.
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                *shared.connections.lock().expect("no thread panics") += 1;
                let state = Arc::clone(&shared);
                std::thread::spawn(move || drop(serve(stream, &state)));
            }
        });
        Self { port, state }
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(super) fn received(&self) -> Vec<(String, Value)> {
        self.state
            .requests
            .lock()
            .expect("no thread panics")
            .clone()
    }

    pub(super) fn connections(&self) -> usize {
        *self.state.connections.lock().expect("no thread panics")
    }
}

fn serve(stream: TcpStream, state: &State) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut out = stream;
    loop {
        let mut head = String::new();
        while reader.read_line(&mut head)? > 2 && !head.ends_with("\r\n\r\n") {}
        if head.is_empty() {
            return Ok(());
        }
        let length = head.lines().find_map(|line| {
            let line = line.to_ascii_lowercase();
            line.strip_prefix("content-length:")?.trim().parse().ok()
        });
        let mut body = vec![0; length.unwrap_or(0)];
        reader.read_exact(&mut body)?;
        let request: Value = serde_json::from_slice(&body).unwrap_or_default();
        let mut requests = state.requests.lock().expect("no thread panics");
        requests.push((head, request.clone()));
        drop(requests);
        let (status, answer) = answer(&request);
        write!(
            out,
            "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{answer}",
            answer.len()
        )?;
    }
}

/// Returns the status and the body: of Presidio for a text, of `judge` for several.
fn answer(request: &Value) -> (&'static str, String) {
    let text = match &request["texts"] {
        Value::Array(texts) => texts
            .iter()
            .filter_map(|text| text["text"].as_str())
            .collect(),
        _ => request["text"].as_str().unwrap_or_default().to_owned(),
    };
    let ok = "200 OK";
    let order = |word: &str| text.contains(&format!("guard:{word}"));
    if order("slow") {
        std::thread::sleep(std::time::Duration::from_secs(5));
    }
    if order("error") {
        return (
            "500 Internal Server Error",
            json!({ "error": "Ann Smith" }).to_string(),
        );
    }
    if order("garbage") {
        return (ok, "<html>Ann Smith</html>".to_owned());
    }
    if order("behind") {
        let entity = json!({ "entity_type": "PERSON", "start": 0, "end": 999, "score": 1.0 });
        return (ok, json!([entity]).to_string());
    }
    if request["texts"].is_array() {
        let verdict = if order("block") { "block" } else { "allow" };
        let verdict = json!({ "index": 0, "verdict": verdict, "reason": "scripted" });
        return (ok, json!({ "verdicts": [verdict] }).to_string());
    }
    let mut found = Vec::new();
    for (name, kind) in NAMES {
        for (at, _) in text.match_indices(name) {
            let start = text[..at].chars().count();
            let end = start + name.chars().count();
            found.push(json!({
                "analysis_explanation": null, "entity_type": kind, "start": start, "end": end,
                "score": if kind == "PERSON" { 0.85 } else { 0.6 },
            }));
        }
    }
    (ok, Value::from(found).to_string())
}

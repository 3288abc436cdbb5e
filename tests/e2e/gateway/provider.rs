//! A scripted OpenAI-compatible provider: it records requests, and the requested model
//! selects the response, which a test may script byte by byte.

use serde_json::{Value, json};
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

/// The time limit for a test to open the gate.
const GATE_TIMEOUT: Duration = Duration::from_secs(60);

/// The pause between two parts of a scripted stream.
const PART_PAUSE: Duration = Duration::from_millis(200);

#[derive(Default)]
struct State {
    /// Headers and body of every request.
    requests: Mutex<Vec<(String, Vec<u8>)>>,
    /// The parts of HTTP responses, by model.
    scripts: Mutex<HashMap<String, Vec<Vec<u8>>>>,
    /// The number of streams of the model `cancelled` that the gateway closed.
    cancelled: Mutex<usize>,
    gate_open: Mutex<bool>,
    gate: Condvar,
}

impl State {
    fn open_gate(&self) {
        *self.gate_open.lock().expect("no thread panics") = true;
        self.gate.notify_all();
    }

    fn wait_for_gate(&self) {
        let open = self.gate_open.lock().expect("no thread panics");
        drop(
            self.gate
                .wait_timeout_while(open, GATE_TIMEOUT, |open| !*open),
        );
    }
}

/// The running provider.
pub(crate) struct Provider {
    port: u16,
    state: Arc<State>,
}

impl Provider {
    /// Starts the provider on a free port; it runs as long as the process of the test.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has a free port");
        let port = listener.local_addr().expect("it is bound").port();
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let state = Arc::clone(&shared);
                std::thread::spawn(move || drop(serve(stream, &state)));
            }
        });
        Self { port, state }
    }

    /// Returns the `base_url` for a configuration.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Continues every stream of the models `gated` and `held`.
    pub(crate) fn open_gate(&self) {
        self.state.open_gate();
    }

    /// Returns the number of streams of the model `cancelled` that the gateway closed.
    pub(crate) fn cancelled(&self) -> usize {
        *self.state.cancelled.lock().expect("no thread panics")
    }

    /// Responds to requests for a model with these bytes, and closes the connection.
    pub(crate) fn script(&self, model: &str, response: impl Into<Vec<u8>>) {
        let mut scripts = self.state.scripts.lock().expect("no thread panics");
        scripts.insert(model.to_owned(), vec![response.into()]);
    }

    /// Responds to requests for a model with a stream of these bytes.
    pub(crate) fn script_stream(&self, model: &str, body: &str) {
        self.script_stream_parts(model, &[body]);
    }

    /// Responds to requests for a model with a stream of these bytes, with a pause before
    /// each further part.
    pub(crate) fn script_stream_parts(&self, model: &str, parts: &[&str]) {
        let head =
            "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n";
        let mut response: Vec<Vec<u8>> = parts.iter().map(|p| p.as_bytes().to_vec()).collect();
        if let Some(first) = response.first_mut() {
            *first = [head.as_bytes(), first].concat();
        }
        let mut scripts = self.state.scripts.lock().expect("no thread panics");
        scripts.insert(model.to_owned(), response);
    }

    /// Returns the headers and bodies that were received.
    pub(crate) fn received(&self) -> Vec<(String, Value)> {
        let parse = |(head, body): (String, Vec<u8>)| {
            (head, serde_json::from_slice(&body).unwrap_or_default())
        };
        self.requests().into_iter().map(parse).collect()
    }

    /// Returns the headers and bodies that were received, byte by byte.
    pub(crate) fn requests(&self) -> Vec<(String, Vec<u8>)> {
        let requests = self.state.requests.lock().expect("no thread panics");
        requests.clone()
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
        let length = head
            .lines()
            .find_map(|l| {
                l.to_ascii_lowercase()
                    .strip_prefix("content-length:")
                    .map(|v| v.trim().to_owned())
            })
            .and_then(|v| v.parse().ok())
            .unwrap_or(0);
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        let request: Value = serde_json::from_slice(&body).unwrap_or_default();
        let mut requests = state.requests.lock().expect("no thread panics");
        requests.push((head, body));
        drop(requests);
        respond(&mut out, &request, state)?;
    }
}

fn respond(out: &mut TcpStream, request: &Value, state: &State) -> std::io::Result<()> {
    let model = request["model"].as_str().unwrap_or_default();
    let script = state.scripts.lock().expect("no thread panics");
    if let Some(response) = script.get(model).cloned() {
        drop(script);
        for (n, part) in response.iter().enumerate() {
            if n > 0 {
                std::thread::sleep(PART_PAUSE);
            }
            out.write_all(part)?;
        }
        return out.shutdown(std::net::Shutdown::Both);
    }
    drop(script);
    match (model, request["stream"].as_bool().unwrap_or(false)) {
        ("fails", _) => whole(out, "500 Internal Server Error", &json!({ "error": "no" })),
        ("silent", _) => {
            state.wait_for_gate();
            Ok(())
        }
        ("tokens", false) => {
            let body = json!({ "id": "c", "object": "chat.completion", "model": "m", "choices": [{
                "index": 0, "finish_reason": "stop",
                "message": { "role": "assistant", "content": "mail bob@example.com" },
                "logprobs": { "content": [{ "token": "bob@example.com", "logprob": 0.0 }] },
            }] });
            whole(out, "200 OK", &body)
        }
        ("flood", true) => {
            begin(out)?;
            while chunk(out, &"text ".repeat(2000)).is_ok() {}
            Ok(())
        }
        ("open-gate", _) => {
            state.open_gate();
            whole(out, "200 OK", &json!({}))
        }
        ("cancelled", true) => {
            begin(out)?;
            out.set_read_timeout(Some(GATE_TIMEOUT))?;
            // The gateway may close the connection while this writes; it sends nothing
            // more, so that data is an error here.
            let mut pieces = std::iter::repeat_n("This sentence is harmless. ", 20);
            let sent = pieces.try_for_each(|piece| chunk(out, piece));
            let closed = match sent.and_then(|()| out.read(&mut [0])) {
                Ok(read) => read == 0,
                Err(e) => !matches!(
                    e.kind(),
                    std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut
                ),
            };
            *state.cancelled.lock().expect("no thread panics") += usize::from(closed);
            out.shutdown(std::net::Shutdown::Both)
        }
        ("held", false) => {
            state.wait_for_gate();
            completion(out, "from the provider")
        }
        ("gated", false) => completion(out, "from the provider"),
        ("leaks", false) => completion(out, "the card is 4111 1111 1111 1111, call 555-867-5309"),
        ("leaks", true) => {
            begin(out)?;
            for piece in ["the card is 4111", " 1111 11", "11 11", "11, thanks"] {
                chunk(out, piece)?;
            }
            end(out)
        }
        ("leak", true) => {
            begin(out)?;
            for _ in 0..20 {
                chunk(out, "This sentence is harmless. ")?;
            }
            state.wait_for_gate();
            for piece in ["It is called project", " nightjar.", " More follows."] {
                chunk(out, piece)?;
            }
            end(out)
        }
        ("cut", true) => {
            begin(out)?;
            chunk(out, "half a sen")?;
            out.shutdown(std::net::Shutdown::Both)
        }
        ("held", true) => {
            begin(out)?;
            let choices: Vec<Value> = ["card 4111 1111", "see utf8x"]
                .iter()
                .enumerate()
                .map(|(n, text)| json!({ "index": n, "delta": { "content": text } }))
                .collect();
            raw(out, &format!("data: {}\n\n", json!({ "choices": choices })))?;
            state.wait_for_gate();
            let choices: Vec<Value> = ["11", "y@b.org"]
                .iter()
                .enumerate()
                .map(|(n, text)| json!({ "index": n, "delta": { "content": text }, "finish_reason": "stop" }))
                .collect();
            raw(
                out,
                &format!(
                    "data: {}\n\ndata: [DONE]\n\n",
                    json!({ "choices": choices })
                ),
            )?;
            write!(out, "0\r\n\r\n")
        }
        ("gated", true) => {
            begin(out)?;
            chunk(out, "before ")?;
            state.wait_for_gate();
            chunk(out, "after")?;
            end(out)
        }
        (_, true) => {
            begin(out)?;
            chunk(out, "from the provider")?;
            end(out)
        }
        _ => completion(out, "from the provider"),
    }
}

fn completion(out: &mut TcpStream, text: &str) -> std::io::Result<()> {
    let body = json!({
        "id": "c1", "object": "chat.completion", "created": 1, "model": "m", "service_tier": "kept",
        "choices": [{ "index": 0, "finish_reason": "stop", "message": { "role": "assistant", "content": text } }],
        "usage": { "prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7 },
    });
    whole(out, "200 OK", &body)
}

fn whole(out: &mut TcpStream, status: &str, body: &Value) -> std::io::Result<()> {
    let body = body.to_string();
    let length = body.len();
    write!(
        out,
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    )
}

fn begin(out: &mut TcpStream) -> std::io::Result<()> {
    write!(
        out,
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
    )
}

fn raw(out: &mut TcpStream, text: &str) -> std::io::Result<()> {
    write!(out, "{:x}\r\n{text}\r\n", text.len())?;
    out.flush()
}

fn event(delta: &Value, finish: &Value) -> String {
    let body = json!({
        "id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m",
        "choices": [{ "index": 0, "delta": delta, "finish_reason": finish }],
    });
    format!("data: {body}\n\n")
}

fn chunk(out: &mut TcpStream, text: &str) -> std::io::Result<()> {
    raw(out, &event(&json!({ "content": text }), &Value::Null))
}

fn end(out: &mut TcpStream) -> std::io::Result<()> {
    raw(out, &event(&json!({}), &json!("stop")))?;
    raw(out, "data: [DONE]\n\n")?;
    write!(out, "0\r\n\r\n")
}

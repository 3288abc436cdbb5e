//! The messages between the host and a plugin: routes those of the plugin to the running
//! calls.

use super::call_queue::{CallEvent, CallQueue};
use super::child::ChildProcess;
use crate::logging;
use crate::rpc::{
    CallId, INVALID_PARAMS, LineReader, LineWriter, LogParams, Message, RpcError, error_response,
    notification, request,
};
use kt_plugin_api::{Class, Error};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::Read;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// How long the host waits for the exit of a process that has closed standard output.
const EXIT_TIMEOUT: Duration = Duration::from_secs(1);
/// How much of an invalid line an error shows.
const SHOWN: usize = 80;

/// The messages of one process.
pub(super) struct Connection {
    writer: Arc<LineWriter>,
    calls: Mutex<Calls>,
    next_id: AtomicU64,
}

#[derive(Default)]
struct Calls {
    running: BTreeMap<u64, Arc<CallQueue>>,
    ended: bool,
}

/// A call that was sent to the plugin.
pub(crate) struct RunningCall<'a> {
    connection: &'a Connection,
    pub(crate) id: u64,
    queue: Arc<CallQueue>,
}

impl Connection {
    pub(super) fn new(writer: Arc<LineWriter>) -> Self {
        Self {
            writer,
            calls: Mutex::default(),
            next_id: AtomicU64::new(1),
        }
    }

    /// Sends a request; its id is also that of the call.
    pub(super) fn begin<P: Serialize>(
        &self,
        method: &'static str,
        params: impl FnOnce(u64) -> P,
    ) -> RunningCall<'_> {
        let id = self.next_id.fetch_add(1, Ordering::Relaxed);
        let queue = Arc::new(CallQueue::default());
        let mut calls = self.lock();
        if calls.ended {
            queue.end();
        }
        calls.running.insert(id, Arc::clone(&queue));
        drop(calls);
        self.writer.send(&request(id, method, &params(id)));
        RunningCall {
            connection: self,
            id,
            queue,
        }
    }

    pub(super) fn notify(&self, method: &'static str, params: &impl Serialize) {
        self.writer.send(&notification(method, params));
    }

    /// Closes the standard input of the plugin.
    pub(super) fn close(&self) {
        self.writer.close();
    }

    /// Ends all calls.
    pub(super) fn end(&self) {
        let mut calls = self.lock();
        calls.ended = true;
        for queue in calls.running.values() {
            queue.end();
        }
    }

    /// Reads the messages of the plugin to the end of the stream.
    pub(super) fn read(&self, stdout: impl Read, child: &ChildProcess) {
        let mut reader = LineReader::new(stdout);
        loop {
            match reader.next_line() {
                Ok(Some(line)) => {
                    if let Err(problem) = self.dispatch(line) {
                        child.kill(&format!(
                            "it wrote a line to standard output that is not a message of the protocol ({problem}): `{}`",
                            shown(line)
                        ));
                        break;
                    }
                }
                Err(error) if error.kind() == std::io::ErrorKind::InvalidData => {
                    child.kill("it wrote a line of more than 64 MiB");
                    break;
                }
                Ok(None) | Err(_) => {
                    // The streams of a process that exits are closed before it ends.
                    if !child.wait_ended(Instant::now() + EXIT_TIMEOUT) {
                        child.kill("it closed its standard output");
                    }
                    break;
                }
            }
        }
        child.stdout_read();
    }

    fn dispatch(&self, line: &[u8]) -> Result<(), String> {
        match Message::parse(line)? {
            Message::Response { id, result } => {
                let queue = self.lock().running.remove(&id);
                let queue = queue.ok_or_else(|| format!("request {id} is not pending"))?;
                queue.push(CallEvent::Response(result.map(str::to_owned)));
            }
            Message::Request { id, method, params } if method == "log" => {
                drop((id, method));
                log(params);
            }
            Message::Request { id, method, params } => self.route(id, method, params),
        }
        Ok(())
    }

    /// Passes a message to its call. Notifications of calls that have returned are
    /// ignored: threads of a plugin may be late.
    fn route(&self, id: Option<Value>, method: String, params: &str) {
        let call = serde_json::from_str::<CallId>(params).map(|params| params.call);
        let queue = call
            .as_ref()
            .ok()
            .and_then(|call| self.lock().running.get(call).cloned());
        match (queue, id) {
            (Some(queue), id) => queue.push(CallEvent::Request {
                id,
                method,
                params: params.to_owned(),
            }),
            (None, Some(id)) => {
                let message = match call {
                    Ok(call) => format!("call {call} is not running"),
                    Err(error) => format!("the parameters of `{method}` are invalid: {error}"),
                };
                let error = Error::new(Class::Plugin, "invalid-call", message);
                self.writer
                    .send(&error_response(&id, INVALID_PARAMS, &error));
            }
            (None, None) => {}
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Calls> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn log(params: &str) {
    // A record that cannot be read is not worth an error.
    let Ok(record) = serde_json::from_str::<LogParams>(params) else {
        return;
    };
    let fields = match &record.fields {
        Value::Null => String::new(),
        fields => fields.to_string(),
    };
    let level = logging::level_from_name(&record.level).filter(|level| *level > 0);
    logging::record(
        level.unwrap_or(kt_plugin_api::abi::log::TRACE),
        &record.target,
        &record.message,
        &fields,
    );
}

/// Returns the beginning of a line, with escapes for what could change a terminal.
fn shown(line: &[u8]) -> String {
    let beginning = String::from_utf8_lossy(line.get(..SHOWN).unwrap_or(line));
    let mut text = String::new();
    for character in beginning.chars() {
        if character.is_control() {
            text.extend(character.escape_default());
        } else {
            text.push(character);
        }
    }
    if line.len() > SHOWN {
        text.push('…');
    }
    text
}

impl RunningCall<'_> {
    /// Waits for what happens next.
    pub(crate) fn next(&self, timeout: Option<Duration>) -> CallEvent {
        self.queue.next(timeout)
    }

    /// The queue, for those who wake the call.
    pub(crate) fn queue(&self) -> &Arc<CallQueue> {
        &self.queue
    }

    /// Sends a notification.
    pub(crate) fn notify(&self, method: &'static str, params: &impl Serialize) {
        self.connection.notify(method, params);
    }

    /// Responds to a request of the plugin.
    pub(crate) fn respond(&self, line: &str) {
        self.connection.writer.send(line);
    }

    /// Waits for the response; requests of the plugin are ignored. `None` if the process
    /// ended, or after the timeout.
    pub(super) fn response(&self, timeout: Duration) -> Option<Result<String, RpcError>> {
        let end = Instant::now() + timeout;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            match self.next(Some(left)) {
                CallEvent::Response(response) => return Some(response),
                CallEvent::Ended | CallEvent::TimedOut => return None,
                CallEvent::Request { .. } | CallEvent::Woken => {}
            }
        }
    }
}

impl Drop for RunningCall<'_> {
    fn drop(&mut self) {
        // A response is still expected, and ignored.
        self.queue.close();
    }
}

//! The host, from the side of the library.

use crate::rpc::{LineWriter, RpcError, notification, request};
use kt_plugin_api::{Class, Error};
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

type Response = Result<String, RpcError>;

/// Sends messages to the host, and receives its responses.
pub(super) struct Host {
    pub(super) writer: Arc<LineWriter>,
    pending: Mutex<Pending>,
}

#[derive(Default)]
struct Pending {
    last_id: u64,
    requests: BTreeMap<u64, Sender<Response>>,
}

impl Host {
    pub(super) fn new(writer: Arc<LineWriter>) -> Self {
        Self {
            writer,
            pending: Mutex::default(),
        }
    }

    pub(super) fn notify(&self, method: &'static str, params: &impl Serialize) {
        self.writer.send(&notification(method, params));
    }

    /// Sends a request, and waits for the response, which a host always sends.
    pub(super) fn request(
        &self,
        method: &'static str,
        params: &impl Serialize,
    ) -> Result<String, Error> {
        let (id, response) = self.register();
        self.writer.send(&request(id, method, params));
        match response.recv() {
            Ok(Ok(result)) => Ok(result),
            Ok(Err(error)) => Err(error_of(&error)),
            // The process ends with its standard input.
            Err(_) => Err(Error::internal("the host does not respond")),
        }
    }

    fn register(&self) -> (u64, Receiver<Response>) {
        let (sender, receiver) = channel();
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        pending.last_id += 1;
        let id = pending.last_id;
        pending.requests.insert(id, sender);
        (id, receiver)
    }

    /// Passes a response on to the thread that waits for it.
    pub(super) fn respond(&self, id: u64, response: Response) {
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = pending.requests.remove(&id) {
            drop(sender.send(response));
        }
    }
}

fn error_of(error: &RpcError) -> Error {
    let data = error.data.as_ref();
    data.and_then(|data| serde_json::from_str(data.get()).ok())
        .unwrap_or_else(|| Error::new(Class::Plugin, "invalid-call", error.message.clone()))
}

//! The connections of a worker to upstreams. They never cross threads, so that neither a
//! lock nor a wake-up of another thread is needed.

use super::connection::Connection;
use super::connector::{Connector, TlsConfig};
use super::http1::ResponseHead;
use crate::snapshot::Endpoint;
use bytes::Bytes;
use http::Request;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::error::Error;
use std::rc::{Rc, Weak};
use std::sync::Arc;
use std::time::Duration;
use tokio::task::spawn_local;
use tokio::time::sleep;

/// How often idle connections are looked at.
const SWEEP_INTERVAL: Duration = Duration::from_secs(10);
/// The number of times after which an idle connection is closed: after at most 50 seconds, since
/// most providers close them after a minute. Counted, so that no request reads the clock for it.
const IDLE_SWEEPS: u64 = 5;

/// The connections of a worker.
pub(crate) struct ConnectionPool {
    connector: Connector,
    connections: Rc<Connections>,
}

/// The connections that can take a request, by origin.
#[derive(Default)]
struct Connections {
    origins: RefCell<HashMap<Arc<str>, Origin>>,
    /// A task looks for idle connections.
    is_swept: Cell<bool>,
    /// How often it has.
    sweeps: Cell<u64>,
}

#[derive(Default)]
struct Origin {
    /// Those of HTTP/1.1, the one used last at the end.
    idle: Vec<Idle>,
    /// The one of HTTP/2, which takes any number of requests.
    shared: Option<Idle>,
}

struct Idle {
    connection: Connection,
    /// The number of sweeps when it was used last.
    since: u64,
}

impl Idle {
    fn is_kept(&mut self, sweeps: u64) -> bool {
        sweeps - self.since < IDLE_SWEEPS && self.connection.is_open()
    }
}

/// A connection whose response has not ended. If it is dropped, so is the connection.
pub(crate) struct Lease {
    connection: Connection,
    origin: Arc<str>,
    pool: Weak<Connections>,
}

impl ConnectionPool {
    pub(crate) fn new(tls: TlsConfig) -> Self {
        Self {
            connector: Connector::new(tls),
            connections: Rc::default(),
        }
    }

    /// Sends a request over an idle connection, the one used last first, or a new one.
    /// A request to which a reused connection was closed without any response, as the upstream
    /// does with one that has been idle, is sent once more, over a new connection.
    ///
    /// # Errors
    /// When there is no connection, or no response.
    pub(super) async fn send(
        &self,
        endpoint: &Endpoint,
        connect_timeout: Duration,
        mut request: Request<Bytes>,
    ) -> Result<(ResponseHead, Lease), Box<dyn Error + Send + Sync>> {
        let mut may_reuse = true;
        loop {
            let existing = may_reuse.then(|| self.connections.take(&endpoint.origin));
            let existing = existing.flatten();
            let is_reused = existing.is_some();
            let mut connection = match existing {
                Some(connection) => connection,
                None => {
                    let uri = &endpoint.uri;
                    // Boxed, since most requests do not need its state.
                    let connection = Box::pin(self.connector.connect(uri, connect_timeout));
                    let connection = connection.await?;
                    self.connections.share(&endpoint.origin, &connection);
                    connection
                }
            };
            if !connection.is_usable().await && is_reused {
                continue;
            }
            let error = match connection.send(request, endpoint).await {
                Ok(head) => {
                    let lease = Lease {
                        connection,
                        origin: Arc::clone(&endpoint.origin),
                        pool: Rc::downgrade(&self.connections),
                    };
                    return Ok((head, lease));
                }
                Err(error) => error,
            };
            match error.unsent {
                Some(unsent) if is_reused => request = unsent,
                _ => return Err(error.error),
            }
            may_reuse = false;
        }
    }
}

impl Lease {
    /// Returns the next data of the body of the response, which arrives only while this is
    /// polled; `None` at its end.
    ///
    /// # Errors
    /// When the rest does not come.
    pub(super) async fn data(&mut self) -> Result<Option<Bytes>, Box<dyn Error + Send + Sync>> {
        self.connection.data().await
    }

    /// The number of bytes that are left of the body of the response, if it is known.
    pub(super) fn exact_length(&self) -> Option<u64> {
        self.connection.exact_length()
    }

    /// Gives the connection back, when its response has ended.
    pub(super) fn end(mut self) {
        if let (Some(pool), Connection::Http1(connection)) =
            (self.pool.upgrade(), &mut self.connection)
            && connection.is_ready()
        {
            pool.put(self.origin, self.connection);
        }
    }
}

impl Connections {
    fn take(&self, origin: &str) -> Option<Connection> {
        let mut origins = self.origins.borrow_mut();
        let origin = origins.get_mut(origin)?;
        if let Some(shared) = &mut origin.shared {
            if let Some(connection) = shared.connection.share() {
                shared.since = self.sweeps.get();
                return Some(connection);
            }
            origin.shared = None;
        }
        while let Some(mut idle) = origin.idle.pop() {
            if idle.is_kept(self.sweeps.get()) {
                return Some(idle.connection);
            }
            idle.connection.close();
        }
        None
    }

    /// Offers a connection of HTTP/2 to other requests too.
    fn share(self: &Rc<Self>, origin: &Arc<str>, connection: &Connection) {
        let Some(connection) = connection.share() else {
            return;
        };
        let since = self.sweeps.get();
        let mut origins = self.origins.borrow_mut();
        let shared = &mut origins.entry(Arc::clone(origin)).or_default().shared;
        shared.get_or_insert(Idle { connection, since });
        drop(origins);
        self.sweep_later();
    }

    fn put(self: &Rc<Self>, origin: Arc<str>, connection: Connection) {
        let since = self.sweeps.get();
        let mut origins = self.origins.borrow_mut();
        let idle = &mut origins.entry(origin).or_default().idle;
        idle.push(Idle { connection, since });
        drop(origins);
        self.sweep_later();
    }

    /// Closes connections once they have been idle for too long, also when no further
    /// request comes.
    fn sweep_later(self: &Rc<Self>) {
        if self.is_swept.replace(true) {
            return;
        }
        let pool = Rc::downgrade(self);
        spawn_local(async move {
            loop {
                sleep(SWEEP_INTERVAL).await;
                let Some(pool) = pool.upgrade() else {
                    return;
                };
                if pool.sweep() {
                    pool.is_swept.set(false);
                    return;
                }
            }
        });
    }

    /// Closes idle connections; whether none are left.
    fn sweep(&self) -> bool {
        let sweeps = self.sweeps.get() + 1;
        self.sweeps.set(sweeps);
        let mut origins = self.origins.borrow_mut();
        origins.retain(|_, origin| {
            for idle in origin.idle.extract_if(.., |idle| !idle.is_kept(sweeps)) {
                idle.connection.close();
            }
            if origin
                .shared
                .as_mut()
                .is_some_and(|idle| !idle.is_kept(sweeps))
            {
                origin.shared = None;
            }
            !origin.idle.is_empty() || origin.shared.is_some()
        });
        origins.is_empty()
    }
}

//! A connection of HTTP/1.1 that makes progress only while it is polled.
//!
//! hyper separates the sender of a connection from its driver, for a task of its own. Here the
//! task of the request polls both: a driver with its own task costs two wake-ups and two rounds
//! of the scheduler for each message, which is more than the parsing of the messages.

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::{Body as _, Frame, Incoming};
use hyper::client::conn::TrySendError;
use hyper::client::conn::http1::{Connection, SendRequest};
use hyper::rt::{Read, Write};
use std::future::Future as _;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use tokio::task::spawn_local;

/// The body of a request to an upstream.
pub(super) type RequestBody = Full<Bytes>;

/// How often a driver is polled in a row; then other tasks have their turn.
const MAX_POLLS: usize = 32;

/// A connection over a transport.
pub(super) struct Http1Connection<T: Read + Write> {
    sender: SendRequest<RequestBody>,
    driver: Driver<T>,
}

/// The driver of a connection, with what wakes it and what waits for it.
struct Driver<T: Read + Write> {
    /// `None` once it has ended.
    connection: Option<Connection<T, RequestBody>>,
    wakeups: Arc<Wakeups>,
    waker: Waker,
}

impl<T: Read + Write + Unpin + 'static> Http1Connection<T> {
    pub(super) fn new(
        sender: SendRequest<RequestBody>,
        connection: Connection<T, RequestBody>,
    ) -> Self {
        let wakeups = Arc::new(Wakeups::default());
        let driver = Driver {
            connection: Some(connection),
            waker: Waker::from(Arc::clone(&wakeups)),
            wakeups,
        };
        Self { sender, driver }
    }

    /// Sends a request, and returns the response once its head has arrived.
    ///
    /// # Errors
    /// With the request, if it was not sent.
    pub(super) async fn send(
        &mut self,
        request: Request<RequestBody>,
    ) -> Result<Response<Incoming>, TrySendError<Request<RequestBody>>> {
        let mut response = pin!(self.sender.try_send_request(request));
        let driver = &mut self.driver;
        poll_fn(|cx| driver.poll_with(cx, |cx| response.as_mut().poll(cx))).await
    }

    /// Returns the next frame of the body of the response.
    pub(super) async fn frame(
        &mut self,
        body: &mut Incoming,
    ) -> Option<Result<Frame<Bytes>, hyper::Error>> {
        let driver = &mut self.driver;
        poll_fn(|cx| driver.poll_with(cx, |cx| Pin::new(&mut *body).poll_frame(cx))).await
    }

    /// Whether it can take a request: the last response has ended, and the server has not closed
    /// the connection. Nothing is woken from here on.
    pub(super) fn is_ready(&mut self) -> bool {
        let nobody = &mut Context::from_waker(Waker::noop());
        let polled: Poll<()> = self.driver.poll_with(nobody, |_| Poll::Pending);
        polled.is_pending() && self.sender.is_ready()
    }

    /// Closes the connection as its protocol wants it, which with TLS is a message.
    pub(super) fn close(self) {
        drop(self.sender);
        if let Some(connection) = self.driver.connection {
            spawn_local(async move { log_end(connection.await) });
        }
    }
}

impl<T: Read + Write + Unpin + 'static> Driver<T> {
    /// Polls what waits for the driver, and the driver, as long as one wakes the other.
    fn poll_with<R>(
        &mut self,
        cx: &mut Context<'_>,
        mut waiting: impl FnMut(&mut Context<'_>) -> Poll<R>,
    ) -> Poll<R> {
        self.wakeups.begin(cx.waker());
        let inner = &mut Context::from_waker(&self.waker);
        let mut result = Poll::Pending;
        for _ in 0..MAX_POLLS {
            result = waiting(inner);
            if result.is_ready() || !self.wakeups.take() {
                break;
            }
            let connection = self.connection.as_mut();
            let polled = connection.map(|connection| Pin::new(connection).poll(inner));
            if let Some(Poll::Ready(ended)) = polled {
                self.connection = None;
                log_end(ended);
            }
        }
        self.wakeups.end(result.is_pending());
        result
    }
}

fn log_end(result: Result<(), hyper::Error>) {
    if let Err(error) = result {
        tracing::debug!("a connection to an upstream ended: {error}");
    }
}

/// The wake-ups of a driver and of what waits for it. One while they are polled leads to another
/// poll at once instead of another turn of the task.
struct Wakeups {
    pending: AtomicBool,
    is_polling: AtomicBool,
    task: Mutex<Waker>,
}

impl Default for Wakeups {
    fn default() -> Self {
        Self {
            pending: AtomicBool::new(true),
            is_polling: AtomicBool::new(false),
            task: Mutex::new(Waker::noop().clone()),
        }
    }
}

impl Wakeups {
    fn take(&self) -> bool {
        self.pending.swap(false, Ordering::SeqCst)
    }

    fn begin(&self, task: &Waker) {
        if let Ok(mut current) = self.task.lock() {
            current.clone_from(task);
        }
        self.is_polling.store(true, Ordering::SeqCst);
    }

    fn end(&self, is_waiting: bool) {
        self.is_polling.store(false, Ordering::SeqCst);
        if is_waiting && self.pending.load(Ordering::SeqCst) {
            self.wake_task();
        }
    }

    fn wake_task(&self) {
        if let Ok(task) = self.task.lock() {
            task.wake_by_ref();
        }
    }
}

impl Wake for Wakeups {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.pending.store(true, Ordering::SeqCst);
        if !self.is_polling.load(Ordering::SeqCst) {
            self.wake_task();
        }
    }
}

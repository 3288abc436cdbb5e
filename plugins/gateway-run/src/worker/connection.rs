//! Serving one connection: HTTP/1.1, or HTTP/2 with prior knowledge.

use crate::proxy::{self, ProxyContext};
use crate::time_limit::HeadTimer;
use hyper::rt::Executor;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::convert::Infallible;
use std::future::Future;
use std::net::IpAddr;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio::sync::{Notify, watch};
use tokio::task::spawn_local;
use tokio::time::{sleep, timeout};

/// The time limit for a client to send its headers.
const HEADER_READ_TIMEOUT: Duration = Duration::from_secs(30);
/// The time that a draining worker waits for the first request of an accepted
/// connection. Measured with new connections at full load: without it, one
/// request in a thousand met a closed connection at each restart.
const FIRST_REQUEST_TIMEOUT: Duration = Duration::from_secs(1);
/// The first bytes of an HTTP/2 connection (RFC 9113, section 3.4), as far as they
/// differ from HTTP/1.1.
const HTTP2_PREFACE: &[u8] = b"PRI * HTTP/2.0";
/// The pause while a preface is incomplete.
const PREFACE_POLL_INTERVAL: Duration = Duration::from_millis(10);
/// The number of concurrent requests of one HTTP/2 connection.
const MAX_HTTP2_STREAMS: u32 = 128;

/// Serves a connection until it ends, or is idle after `stop`.
pub(super) async fn serve(
    stream: TcpStream,
    peer: IpAddr,
    proxy: Rc<ProxyContext>,
    mut stop: watch::Receiver<bool>,
) {
    // Without it, small chunks of a stream wait for the client's
    // acknowledgment: 30 to 50 ms each.
    drop(stream.set_nodelay(true));
    let first_request = Rc::new(Notify::new());
    let service = service_fn(|request| {
        first_request.notify_one();
        let proxy = Rc::clone(&proxy);
        async move { Ok::<_, Infallible>(proxy::handle(request, peer, proxy).await) }
    });
    let stopped = async {
        // Fails only when the worker has ended, which is a stop too.
        drop(stop.wait_for(|stopping| *stopping).await);
        // A client that has just connected is about to send a request. The permit
        // of an earlier request is still there.
        drop(timeout(FIRST_REQUEST_TIMEOUT, first_request.notified()).await);
    };
    let mut stopped = pin!(stopped);
    let is_http2 = tokio::select! {
        detected = timeout(HEADER_READ_TIMEOUT, is_http2(&stream)) => match detected {
            Ok(is_http2) => is_http2,
            Err(_) => return,
        },
        () = &mut stopped => return,
    };
    let io = TokioIo::new(stream);
    if is_http2 {
        // Boxed, so that the others do not have its size.
        let connection = http2::Builder::new(LocalExecutor)
            .timer(TokioTimer::new())
            .max_concurrent_streams(MAX_HTTP2_STREAMS)
            .keep_alive_interval(HEADER_READ_TIMEOUT)
            .serve_connection(io, service);
        let mut connection = Box::pin(connection);
        tokio::select! {
            result = &mut connection => log_end(result),
            () = stopped => {
                connection.as_mut().graceful_shutdown();
                log_end(connection.await);
            }
        }
    } else {
        let connection = http1::Builder::new()
            .timer(HeadTimer)
            .header_read_timeout(HEADER_READ_TIMEOUT)
            .serve_connection(io, service);
        let mut connection = pin!(connection);
        tokio::select! {
            result = &mut connection => log_end(result),
            () = stopped => {
                connection.as_mut().graceful_shutdown();
                log_end(connection.await);
            }
        }
    }
}

/// Whether the client speaks HTTP/2. Waits for its first bytes, and leaves them to be
/// read.
async fn is_http2(stream: &TcpStream) -> bool {
    let mut bytes = [0; HTTP2_PREFACE.len()];
    while let Ok(length @ 1..) = stream.peek(&mut bytes).await {
        let received = bytes.get(..length).unwrap_or_default();
        if !HTTP2_PREFACE.starts_with(received) {
            return false;
        }
        if length == HTTP2_PREFACE.len() {
            return true;
        }
        sleep(PREFACE_POLL_INTERVAL).await;
    }
    false
}

fn log_end(result: Result<(), hyper::Error>) {
    if let Err(error) = result {
        tracing::debug!("a connection ended: {error}");
    }
}

/// Runs the streams of a connection on the thread of the worker.
#[derive(Clone, Copy)]
struct LocalExecutor;

impl<F: Future + 'static> Executor<F> for LocalExecutor {
    fn execute(&self, future: F) {
        spawn_local(future);
    }
}

#[cfg(test)]
mod tests {
    /// Each open connection keeps it. It was 3 KiB with HTTP/2 in it; features of tokio that other
    /// crates enable make it a little larger.
    #[test]
    fn a_connection_has_little_state() {
        fn size<A, B, C, D, F>(_: impl FnOnce(A, B, C, D) -> F) -> usize {
            size_of::<F>()
        }
        let size = size(super::serve);
        assert!(size <= 2 * 1024, "{size} bytes");
    }
}

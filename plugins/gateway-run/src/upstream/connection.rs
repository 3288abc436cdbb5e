//! One connection to an upstream.

use super::http1::{Http1Connection, RequestBody};
use crate::snapshot::Endpoint;
use bytes::Bytes;
use http::header::HOST;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use hyper::body::{Frame, Incoming};
use hyper::client::conn::{TrySendError, http2};
use hyper_rustls::MaybeHttpsStream;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;

/// The transport of a connection.
pub(super) type Transport = MaybeHttpsStream<TokioIo<TcpStream>>;

/// A connection.
pub(super) enum Connection {
    Http1(Box<Http1Connection<Transport>>),
    /// One of any number of senders of a connection.
    Http2(http2::SendRequest<RequestBody>),
}

impl Connection {
    /// Whether the connection can take a request.
    pub(super) async fn is_usable(&mut self) -> bool {
        match self {
            Self::Http1(connection) => connection.is_ready(),
            Self::Http2(sender) => sender.ready().await.is_ok(),
        }
    }

    /// Returns another sender of an open connection of HTTP/2.
    pub(super) fn share(&self) -> Option<Self> {
        match self {
            Self::Http2(sender) if !sender.is_closed() => Some(Self::Http2(sender.clone())),
            _ => None,
        }
    }

    /// Whether a connection that is idle can still be used.
    pub(super) fn is_open(&mut self) -> bool {
        match self {
            Self::Http1(connection) => connection.is_ready(),
            Self::Http2(sender) => !sender.is_closed(),
        }
    }

    /// Closes the connection; another sender of HTTP/2 keeps it open.
    pub(super) fn close(self) {
        if let Self::Http1(connection) = self {
            connection.close();
        }
    }

    /// Returns the next frame of the body of a response.
    pub(super) async fn frame(
        &mut self,
        body: &mut Incoming,
    ) -> Option<Result<Frame<Bytes>, hyper::Error>> {
        match self {
            Self::Http1(connection) => connection.frame(body).await,
            Self::Http2(_) => body.frame().await,
        }
    }

    /// Sends a request. The address and the host, which depend on the version of the
    /// protocol, are set here.
    ///
    /// # Errors
    /// With the request, if it was not sent.
    pub(super) async fn send(
        &mut self,
        mut request: Request<RequestBody>,
        endpoint: &Endpoint,
    ) -> Result<Response<Incoming>, TrySendError<Request<RequestBody>>> {
        match self {
            Self::Http1(connection) => {
                *request.uri_mut() = endpoint.path.clone();
                request.headers_mut().insert(HOST, endpoint.host.clone());
                connection.send(request).await
            }
            Self::Http2(sender) => {
                *request.uri_mut() = endpoint.uri.clone();
                request.headers_mut().remove(HOST);
                sender.try_send_request(request).await
            }
        }
    }
}

//! One connection to an upstream.

use crate::snapshot::Endpoint;
use bytes::Bytes;
use http::header::HOST;
use http::{Request, Response};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::{TrySendError, http1, http2};

/// The body of a request to an upstream.
pub(super) type RequestBody = Full<Bytes>;

/// A connection.
pub(super) enum Connection {
    Http1(http1::SendRequest<RequestBody>),
    /// One of any number of senders of a connection.
    Http2(http2::SendRequest<RequestBody>),
}

impl Connection {
    /// Waits until the end of the last response has been processed; false if the connection
    /// is closed.
    pub(super) async fn is_usable(&mut self) -> bool {
        match self {
            Self::Http1(sender) => sender.ready().await.is_ok(),
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

    pub(super) fn is_closed(&self) -> bool {
        match self {
            Self::Http1(sender) => sender.is_closed(),
            Self::Http2(sender) => sender.is_closed(),
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
            Self::Http1(sender) => {
                *request.uri_mut() = endpoint.path.clone();
                request.headers_mut().insert(HOST, endpoint.host.clone());
                sender.try_send_request(request).await
            }
            Self::Http2(sender) => {
                *request.uri_mut() = endpoint.uri.clone();
                request.headers_mut().remove(HOST);
                sender.try_send_request(request).await
            }
        }
    }
}

//! One connection to an upstream.

use super::http1::{Http1Connection, ResponseHead};
use super::transport::Transport;
use crate::snapshot::Endpoint;
use bytes::Bytes;
use http::Request;
use http::header::HOST;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Body as _, Incoming};
use hyper::client::conn::http2;
use std::error::Error;

/// A connection.
pub(super) enum Connection {
    Http1(Box<Http1Connection<Transport>>),
    /// One of any number of senders of a connection.
    Http2 {
        sender: http2::SendRequest<Full<Bytes>>,
        /// The body of the response.
        body: Option<Incoming>,
    },
}

/// A request got no response.
pub(super) struct RequestError {
    pub(super) error: Box<dyn Error + Send + Sync>,
    /// The request, if the connection had been closed before it came to the upstream.
    pub(super) unsent: Option<Request<Bytes>>,
}

impl Connection {
    /// Returns a connection of HTTP/2.
    pub(super) fn http2(sender: http2::SendRequest<Full<Bytes>>) -> Self {
        let body = None;
        Self::Http2 { sender, body }
    }

    /// Waits until a connection that is open can take a request; whether it can.
    pub(super) async fn is_usable(&mut self) -> bool {
        match self {
            Self::Http1(_) => true,
            Self::Http2 { sender, .. } => sender.ready().await.is_ok(),
        }
    }

    /// Returns another sender of an open connection of HTTP/2.
    pub(super) fn share(&self) -> Option<Self> {
        match self {
            Self::Http2 { sender, .. } if !sender.is_closed() => Some(Self::http2(sender.clone())),
            _ => None,
        }
    }

    /// Whether a connection that is idle can still be used.
    pub(super) fn is_open(&mut self) -> bool {
        match self {
            Self::Http1(connection) => connection.is_ready(),
            Self::Http2 { sender, .. } => !sender.is_closed(),
        }
    }

    /// Closes the connection; another sender of HTTP/2 keeps it open.
    pub(super) fn close(self) {
        if let Self::Http1(connection) = self {
            connection.close();
        }
    }

    /// Returns the next data of the body of the response; `None` at its end.
    ///
    /// # Errors
    /// When the rest does not come.
    pub(super) async fn data(&mut self) -> Result<Option<Bytes>, Box<dyn Error + Send + Sync>> {
        match self {
            Self::Http1(connection) => Ok(connection.data().await?),
            Self::Http2 { body: None, .. } => Ok(None),
            Self::Http2 {
                body: Some(body), ..
            } => {
                while let Some(frame) = body.frame().await.transpose()? {
                    if let Ok(data) = frame.into_data() {
                        return Ok(Some(data));
                    }
                }
                Ok(None)
            }
        }
    }

    /// The number of bytes that are left of the body of the response, if it is known.
    pub(super) fn exact_length(&self) -> Option<u64> {
        match self {
            Self::Http1(connection) => connection.exact_length(),
            Self::Http2 { body, .. } => body.as_ref().and_then(|body| body.size_hint().exact()),
        }
    }

    /// Sends a request, and returns the head of the response. The address and the host, which
    /// depend on the version of the protocol, are set here.
    ///
    /// # Errors
    /// When there is no response.
    pub(super) async fn send(
        &mut self,
        request: Request<Bytes>,
        endpoint: &Endpoint,
    ) -> Result<ResponseHead, RequestError> {
        match self {
            Self::Http1(connection) => {
                let sent = connection.send(&request, &endpoint.path, &endpoint.host);
                sent.await.map_err(|error| RequestError {
                    unsent: error.is_disconnect.then_some(request),
                    error: error.error.into(),
                })
            }
            Self::Http2 { sender, body } => {
                let mut request = request.map(Full::new);
                *request.uri_mut() = endpoint.uri.clone();
                request.headers_mut().remove(HOST);
                let response = match sender.try_send_request(request).await {
                    Ok(response) => response,
                    Err(mut error) => {
                        let unsent = match error.take_message() {
                            Some(request) => Some(unsent(request).await),
                            None => None,
                        };
                        let error = error.into_error().into();
                        return Err(RequestError { error, unsent });
                    }
                };
                let (parts, incoming) = response.into_parts();
                *body = Some(incoming);
                Ok(ResponseHead {
                    status: parts.status,
                    headers: parts.headers,
                })
            }
        }
    }
}

/// Returns a request with its body, which is whole.
async fn unsent(request: Request<Full<Bytes>>) -> Request<Bytes> {
    let (parts, body) = request.into_parts();
    let Ok(body) = body.collect().await;
    Request::from_parts(parts, body.to_bytes())
}

//! A connection, which carries one request at a time.

use super::body::BodyDecoder;
use super::error::Http1Error;
use super::read_buffer::with_read_buffer;
use super::request::Output;
use super::response_head::{HeadReader, ResponseHead};
use bytes::{Buf as _, Bytes, BytesMut};
use http::{HeaderValue, Method, Request, Uri};
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker, ready};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A connection over a transport. It makes progress only while it is polled.
pub(in super::super) struct Http1Connection<T> {
    transport: T,
    /// What is left of the request to send.
    output: Output,
    /// The transport holds bytes that were written.
    is_flushing: bool,
    /// Why the request cannot be sent to its end. The response may come all the same.
    write_error: Option<io::Error>,
    /// What came together with the head of the response.
    input: BytesMut,
    /// What is left of the response.
    body: BodyDecoder,
    /// The connection can be used for another request once the response has ended.
    keep_alive: bool,
}

/// A request got no response.
#[derive(Debug)]
pub(in super::super) struct RequestError {
    pub(in super::super) error: Http1Error,
    /// The connection had ended before any of the response came: a connection that was used
    /// before may have been closed while the request was on its way.
    pub(in super::super) is_disconnect: bool,
}

impl<T: AsyncRead + AsyncWrite + Unpin> Http1Connection<T> {
    pub(in super::super) fn new(transport: T) -> Self {
        Self {
            transport,
            output: Output::default(),
            is_flushing: false,
            write_error: None,
            input: BytesMut::new(),
            body: BodyDecoder::default(),
            keep_alive: true,
        }
    }

    /// Sends a request to a path of a host, and returns the head of the response. Where that
    /// comes before all of the request is sent, the rest is sent while the body is read.
    ///
    /// # Errors
    /// When there is no response.
    pub(in super::super) async fn send(
        &mut self,
        request: &Request<Bytes>,
        path: &Uri,
        host: &HeaderValue,
    ) -> Result<ResponseHead, RequestError> {
        self.output = Output::new(request, path, host);
        self.is_flushing = true;
        // Until the response has ended.
        self.keep_alive = false;
        let mut reader = HeadReader::new(request.method() == Method::HEAD);
        let mut received = false;
        let head = poll_fn(|cx| self.poll_head(cx, &mut reader, &mut received)).await;
        head.map_err(|error| RequestError {
            is_disconnect: !received && error.is_disconnect(),
            error,
        })
    }

    /// Returns the next data of the body; `None` at its end. Nothing is lost if this is dropped
    /// while it waits.
    ///
    /// # Errors
    /// When the rest does not come, or is not valid.
    pub(in super::super) async fn data(&mut self) -> Result<Option<Bytes>, Http1Error> {
        poll_fn(|cx| self.poll_data(cx)).await
    }

    /// The number of bytes that are left of the body, if it is known.
    pub(in super::super) fn exact_length(&self) -> Option<u64> {
        self.body.exact_length()
    }

    /// Whether it can take a request: the last response has ended, and the upstream has neither
    /// closed the connection nor sent anything else. Nothing is woken from here on.
    pub(in super::super) fn is_ready(&mut self) -> bool {
        let is_idle = self.keep_alive
            && self.body.is_ended()
            && self.input.is_empty()
            && self.output.is_empty()
            && !self.is_flushing
            && self.write_error.is_none();
        let nobody = &mut Context::from_waker(Waker::noop());
        is_idle && with_read_buffer(|buffer| self.poll_read(nobody, buffer).is_pending())
    }

    /// Closes the connection as its protocol wants it, which with TLS is a message.
    pub(in super::super) fn close(mut self) {
        let nobody = &mut Context::from_waker(Waker::noop());
        // The message fits into the buffer of an idle socket; if it does not, the connection
        // just ends.
        drop(Pin::new(&mut self.transport).poll_shutdown(nobody));
    }

    fn poll_head(
        &mut self,
        cx: &mut Context<'_>,
        reader: &mut HeadReader,
        received: &mut bool,
    ) -> Poll<Result<ResponseHead, Http1Error>> {
        self.poll_write(cx);
        with_read_buffer(|buffer| {
            loop {
                let length = match ready!(self.poll_read(cx, buffer)) {
                    Ok(0) if *received => return Poll::Ready(Err(Http1Error::Incomplete)),
                    Ok(0) => {
                        let error = self.write_error.take();
                        let error = error.map_or(Http1Error::Closed, Http1Error::Io);
                        return Poll::Ready(Err(error));
                    }
                    Ok(length) => length,
                    Err(error) => return Poll::Ready(Err(Http1Error::Io(error))),
                };
                *received = true;
                let Some((parsed, used)) = reader.read(&buffer[..length])? else {
                    continue;
                };
                self.input = BytesMut::from(&buffer[used..length]);
                self.body = parsed.body;
                self.keep_alive = parsed.keep_alive;
                return Poll::Ready(Ok(parsed.head));
            }
        })
    }

    fn poll_data(&mut self, cx: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Http1Error>> {
        if !self.input.is_empty() {
            let mut input = std::mem::take(&mut self.input);
            let data = self.decode(&mut input)?;
            if !data.is_empty() {
                input.truncate(data.end);
                input.advance(data.start);
                return Poll::Ready(Ok(Some(input.freeze())));
            }
        }
        if self.body.is_ended() {
            return Poll::Ready(Ok(None));
        }
        self.poll_write(cx);
        with_read_buffer(|buffer| {
            loop {
                let length = ready!(self.poll_read(cx, buffer)).map_err(Http1Error::Io)?;
                if length == 0 {
                    self.keep_alive = false;
                    return Poll::Ready(self.body.close().map(|()| None));
                }
                let data = self.decode(&mut buffer[..length])?;
                if !data.is_empty() {
                    return Poll::Ready(Ok(Some(Bytes::copy_from_slice(&buffer[data]))));
                }
                if self.body.is_ended() {
                    return Poll::Ready(Ok(None));
                }
            }
        })
    }

    /// Decodes received bytes in place; returns where the data is then.
    fn decode(&mut self, bytes: &mut [u8]) -> Result<std::ops::Range<usize>, Http1Error> {
        let (data, used) = self.body.decode(bytes)?;
        // What follows a response was not requested.
        self.keep_alive &= used == bytes.len();
        Ok(data)
    }

    /// Sends what can be sent of the request.
    fn poll_write(&mut self, cx: &mut Context<'_>) {
        while !self.output.is_empty() {
            let transport = Pin::new(&mut self.transport);
            match transport.poll_write_vectored(cx, &self.output.slices()) {
                Poll::Ready(Ok(0)) => return self.end_output(io::ErrorKind::WriteZero.into()),
                Poll::Ready(Ok(sent)) => self.output.advance(sent),
                Poll::Ready(Err(error)) => return self.end_output(error),
                Poll::Pending => return,
            }
        }
        if self.is_flushing
            && let Poll::Ready(flushed) = Pin::new(&mut self.transport).poll_flush(cx)
        {
            self.is_flushing = false;
            if let Err(error) = flushed {
                self.end_output(error);
            }
        }
    }

    fn end_output(&mut self, error: io::Error) {
        self.output = Output::default();
        self.is_flushing = false;
        self.write_error = Some(error);
    }

    /// Reads into a buffer; returns how much, or 0 at the end.
    fn poll_read(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        let mut buffer = ReadBuf::new(buffer);
        ready!(Pin::new(&mut self.transport).poll_read(cx, &mut buffer))?;
        Poll::Ready(Ok(buffer.filled().len()))
    }
}

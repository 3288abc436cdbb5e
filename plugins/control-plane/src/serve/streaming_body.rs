//! Bodies of responses that are produced while they are sent.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Body, Frame};

/// Produces a body chunk by chunk. A chunk is produced when there is room for it.
pub(super) trait ChunkSource: Send {
    /// Produces the next chunk, and returns it with the source of those after it.
    fn next(self: Box<Self>) -> ChunkFuture;
}

/// A chunk that is being produced.
pub(super) type ChunkFuture =
    Pin<Box<dyn Future<Output = Result<NextChunk, StreamAborted>> + Send>>;

/// A chunk with the source of those after it; `None` after the last.
pub(super) type NextChunk = Option<(Bytes, Box<dyn ChunkSource>)>;

/// The rest of a body cannot be produced. The connection is then closed, so that the client notices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the rest of the response cannot be sent")]
pub(super) struct StreamAborted;

/// The body of a response that is produced while it is sent.
pub(super) struct StreamingBody(Option<ChunkFuture>);

impl StreamingBody {
    pub(super) fn new(source: impl ChunkSource + 'static) -> Self {
        Self(Some(Box::new(source).next()))
    }
}

impl Body for StreamingBody {
    type Data = Bytes;
    type Error = StreamAborted;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, StreamAborted>>> {
        let Some(future) = self.0.as_mut() else {
            return Poll::Ready(None);
        };
        let chunk = ready!(future.as_mut().poll(cx));
        self.0 = None;
        Poll::Ready(match chunk {
            Ok(Some((bytes, source))) => {
                self.0 = Some(source.next());
                Some(Ok(Frame::data(bytes)))
            }
            Ok(None) => None,
            Err(aborted) => Some(Err(aborted)),
        })
    }
}

//! Bodies of answers that go on.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Body, Frame};

/// What makes a body, part by part. A part is made once there is room for it.
pub(super) trait Source: Send {
    /// Makes the next part. What makes those after it comes back with it; nothing when it was the
    /// last.
    fn next(self: Box<Self>) -> Making;
}

/// A part in the making.
pub(super) type Making = Pin<Box<dyn Future<Output = Result<Part, BrokenOff>> + Send>>;

/// A part, and what makes those after it.
pub(super) type Part = Option<(Bytes, Box<dyn Source>)>;

/// There is more, and it cannot be sent. The transfer then ends so that the reader notices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BrokenOff;

/// The body of an answer that goes on.
pub(super) struct Flow(Option<Making>);

impl Flow {
    pub(super) fn of(source: impl Source + 'static) -> Self {
        Self(Some(Box::new(source).next()))
    }
}

impl Body for Flow {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        let Some(making) = self.0.as_mut() else {
            return Poll::Ready(None);
        };
        let made = ready!(making.as_mut().poll(cx));
        self.0 = None;
        Poll::Ready(match made {
            Ok(Some((bytes, source))) => {
                self.0 = Some(source.next());
                Some(Ok(Frame::data(bytes)))
            }
            Ok(None) => None,
            Err(broken) => Some(Err(broken)),
        })
    }
}

impl fmt::Display for BrokenOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the rest cannot be sent")
    }
}

impl std::error::Error for BrokenOff {}

//! An upstream's answer, whichever upstream it was.

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

/// Status, headers, and a body that arrives.
pub(crate) struct UpstreamResponse {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: UpstreamBody,
}

/// The body of a [`UpstreamResponse`].
pub(crate) enum UpstreamBody {
    /// Made here.
    Ready(VecDeque<Bytes>),
    /// Coming over the network, with its limits on silence and on the whole.
    Incoming {
        body: Incoming,
        idle: Duration,
        until: Instant,
    },
}

/// How long a client may leave an answer unread where the upstream sets no limit.
const UNREAD: Duration = Duration::from_secs(60);

impl UpstreamBody {
    /// How long the other side may be silent, and until when all must be done.
    pub(crate) fn limits(&self) -> (Duration, Option<Instant>) {
        match self {
            Self::Ready(_) => (UNREAD, None),
            Self::Incoming { idle, until, .. } => (*idle, Some(*until)),
        }
    }

    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// A sentence, when the upstream broke off or was silent too long.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, String> {
        match self {
            Self::Ready(pieces) => Ok(pieces.pop_front()),
            Self::Incoming { body, idle, until } => loop {
                let limit = (Instant::now() + *idle).min(*until);
                match timeout_at(limit, body.frame()).await {
                    Err(_) => return Err("the upstream was silent too long".to_owned()),
                    Ok(None) => return Ok(None),
                    Ok(Some(Err(error))) => return Err(format!("the upstream broke off: {error}")),
                    Ok(Some(Ok(frame))) => {
                        if let Ok(data) = frame.into_data() {
                            return Ok(Some(data));
                        }
                    }
                }
            },
        }
    }

    /// The whole body.
    ///
    /// # Errors
    /// As [`UpstreamBody::next`], or when it is larger than `limit` bytes.
    pub(crate) async fn collect(&mut self, limit: usize) -> Result<Vec<u8>, String> {
        let mut whole = Vec::new();
        while let Some(piece) = self.next().await? {
            if whole.len() + piece.len() > limit {
                return Err(format!(
                    "the upstream's answer is larger than {limit} bytes"
                ));
            }
            whole.extend_from_slice(&piece);
        }
        Ok(whole)
    }
}

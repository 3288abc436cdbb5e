//! The export of the audit log, sent page by page.

use super::auth::{self, Credential};
use super::blocking::run_blocking;
use super::streaming_body::{ChunkFuture, ChunkSource, NextChunk, StreamAborted, StreamingBody};
use crate::api::{Api, AuditExport};
use crate::metrics::GaugeGuard;

/// Reads the pages. Between two pages it holds neither a thread nor a transaction, so a slow client
/// does not block others.
struct PageSource {
    api: Api,
    export: AuditExport,
    credential: Credential,
    _guard: GaugeGuard,
}

/// Starts an export.
pub(super) fn body(
    api: Api,
    export: AuditExport,
    credential: Credential,
    guard: GaugeGuard,
) -> StreamingBody {
    StreamingBody::new(PageSource {
        api,
        export,
        credential,
        _guard: guard,
    })
}

impl ChunkSource for PageSource {
    fn next(self: Box<Self>) -> ChunkFuture {
        Box::pin(async move {
            let page = run_blocking(move || self.read_page()).await;
            page.unwrap_or(Err(StreamAborted))
        })
    }
}

impl PageSource {
    fn read_page(mut self: Box<Self>) -> Result<NextChunk, StreamAborted> {
        // The token may have been revoked or expired since the last page.
        let authenticated = auth::authenticate(&self.api, self.credential);
        let lines = authenticated.and_then(|_| self.api.next_audit_rows(&mut self.export));
        let lines = lines.map_err(|problem| {
            let request_id = self.export.request_id();
            tracing::warn!(request_id, code = %problem.code, "export of the audit log aborted");
            StreamAborted
        })?;
        Ok(lines.map(|lines| (lines.into(), self as Box<dyn ChunkSource>)))
    }
}

//! Exports what the database holds, row by row.

use std::collections::{HashMap, VecDeque};

use kt_control_api::{AuditEntry, ContentHash, GatewayId};

use super::query_error::QueryError;
use super::rows;
use super::session::Session;
use crate::store::table::Row;
use crate::store::{
    AUDIT_PAGE_ROWS, ApplyOutcomeRow, ContentRow, ExportRecord, GatewayRow, RecordSink, Selection,
    TokenRow, VersionRow,
};

/// Maximum number of gateways that are read at a time, of their versions, unless one has more, and
/// of the bytes of their contents.
const GATEWAYS_PER_PAGE: usize = 50;
const VERSIONS_PER_PAGE: u64 = 5000;
const CONTENT_BYTES_PER_PAGE: u64 = 8 << 20;

/// Exports the selection, as of the moment when it begins.
pub(super) async fn export(
    session: &mut Session,
    selection: &Selection,
    sink: &mut RecordSink<'_>,
) -> Result<(), QueryError> {
    session.begin();
    session
        .batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .await?;
    let exported = export_all(session, selection, sink).await;
    session.roll_back().await;
    exported
}

async fn export_all(
    session: &Session,
    selection: &Selection,
    sink: &mut RecordSink<'_>,
) -> Result<(), QueryError> {
    let mut exported = selection.exported_contents();
    let gateways = gateways(session, selection).await?;
    let mut rest = gateways.as_slice();
    while !rest.is_empty() {
        let (page, next) = rest.split_at(page_length(rest));
        rest = next;
        let ids: Vec<&str> = page.iter().map(|row| row.id.as_str()).collect();
        let mut versions = versions(session, &ids).await?;
        let mut outcomes = apply_outcomes(session, &ids).await?;
        let ordered = page
            .iter()
            .filter_map(|row| versions.get(&row.id))
            .flatten();
        let needed = ordered.filter(|row| row.pruned_at.is_none());
        let new = needed.filter(|row| exported.insert(row.content_sha256, ()));
        let mut contents = Contents {
            upcoming: new.map(|row| (row.content_sha256, row.size)).collect(),
            loaded: VecDeque::new(),
        };
        for gateway in page {
            sink(ExportRecord::Gateway(gateway.clone()))?;
            for version in versions.remove(&gateway.id).unwrap_or_default() {
                if let Some(content) = contents.take(session, &version.content_sha256).await? {
                    sink(ExportRecord::Content(content))?;
                }
                sink(ExportRecord::Version(version))?;
            }
            for outcome in outcomes.remove(&gateway.id).unwrap_or_default() {
                sink(ExportRecord::ApplyOutcome(outcome))?;
            }
        }
    }
    tokens(session, selection, sink).await?;
    if *selection == Selection::Whole {
        audit_log(session, sink).await?;
    }
    Ok(())
}

async fn gateways(session: &Session, selection: &Selection) -> Result<Vec<GatewayRow>, QueryError> {
    let sql = rows::select::<GatewayRow>("ORDER BY id");
    let found = session.rows(&sql, &[]).await?;
    let selected = found.iter().filter(|row| selection.contains(row.get("id")));
    selected.map(GatewayRow::from_row).collect()
}

/// Returns the versions of gateways.
async fn versions(
    session: &Session,
    ids: &[&str],
) -> Result<HashMap<GatewayId, Vec<VersionRow>>, QueryError> {
    let sql = rows::select::<VersionRow>("WHERE gateway_id = ANY($1) ORDER BY gateway_id, version");
    let found: Vec<VersionRow> = rows::read_all(&session.rows(&sql, &[&ids]).await?)?;
    Ok(by_gateway(found, |row| row.gateway.clone()))
}

async fn apply_outcomes(
    session: &Session,
    ids: &[&str],
) -> Result<HashMap<GatewayId, Vec<ApplyOutcomeRow>>, QueryError> {
    let sql =
        rows::select::<ApplyOutcomeRow>("WHERE gateway_id = ANY($1) ORDER BY gateway_id, seq");
    let found: Vec<ApplyOutcomeRow> = rows::read_all(&session.rows(&sql, &[&ids]).await?)?;
    Ok(by_gateway(found, |row| row.gateway.clone()))
}

fn by_gateway<T>(rows: Vec<T>, gateway: impl Fn(&T) -> GatewayId) -> HashMap<GatewayId, Vec<T>> {
    let mut found: HashMap<GatewayId, Vec<T>> = HashMap::new();
    for row in rows {
        found.entry(gateway(&row)).or_default().push(row);
    }
    found
}

/// The contents of a page of versions, each of which is exported once.
struct Contents {
    /// Those that are not loaded yet, in the order of the versions, and their lengths.
    upcoming: VecDeque<(ContentHash, u64)>,
    /// Those that are loaded and not taken yet, in the same order; `None` is one that is missing.
    loaded: VecDeque<(ContentHash, Option<ContentRow>)>,
}

impl Contents {
    /// Takes a content; `None` when it was taken before, or is not needed.
    async fn take(
        &mut self,
        session: &Session,
        hash: &ContentHash,
    ) -> Result<Option<ContentRow>, QueryError> {
        if self.loaded.is_empty() && self.upcoming.front().is_some_and(|(next, _)| next == hash) {
            self.load(session).await?;
        }
        let next = self.loaded.pop_front_if(|(next, _)| next == hash);
        Ok(next.and_then(|(_, content)| content))
    }

    async fn load(&mut self, session: &Session) -> Result<(), QueryError> {
        let (mut hashes, mut bytes) = (Vec::new(), 0);
        while bytes < CONTENT_BYTES_PER_PAGE
            && let Some((hash, size)) = self.upcoming.pop_front()
        {
            hashes.push(hash);
            bytes += size;
        }
        let bytes: Vec<_> = hashes
            .iter()
            .map(|hash: &ContentHash| hash.as_bytes().as_slice())
            .collect();
        let sql = "SELECT sha256, content FROM blobs WHERE sha256 = ANY($1)";
        let mut found = HashMap::new();
        for row in session.rows(sql, &[&bytes]).await? {
            let sha256 = rows::hash(&row, "sha256")?;
            let content = String::from_utf8(row.try_get("content")?);
            let content = content.map_err(|_| rows::corrupt("a configuration"))?;
            found.insert(sha256, ContentRow { sha256, content });
        }
        let in_order = hashes
            .into_iter()
            .map(|hash| (hash, found.get(&hash).cloned()));
        self.loaded.extend(in_order);
        Ok(())
    }
}

/// Returns how many of the gateways are exported together, depending on how many versions they have.
fn page_length(gateways: &[GatewayRow]) -> usize {
    let mut versions = 0;
    let fitting = gateways.iter().take(GATEWAYS_PER_PAGE).take_while(|row| {
        versions += row.last_version;
        versions <= VERSIONS_PER_PAGE
    });
    fitting.count().max(1)
}

async fn tokens(
    session: &Session,
    selection: &Selection,
    sink: &mut RecordSink<'_>,
) -> Result<(), QueryError> {
    let sql = rows::select::<TokenRow>("ORDER BY id COLLATE \"C\"");
    for row in session.rows(&sql, &[]).await? {
        let row = TokenRow::from_row(&row)?;
        if selection.has_token_of(row.gateway.as_ref()) {
            sink(ExportRecord::Token(row))?;
        }
    }
    Ok(())
}

async fn audit_log(session: &Session, sink: &mut RecordSink<'_>) -> Result<(), QueryError> {
    let page = format!("WHERE seq > $1 ORDER BY seq LIMIT {AUDIT_PAGE_ROWS}");
    let sql = rows::select::<AuditEntry>(&page);
    let mut last = 0_i64;
    loop {
        let page = session.rows(&sql, &[&last]).await?;
        for row in &page {
            last = row.try_get("seq")?;
            sink(ExportRecord::Audit(AuditEntry::from_row(row)?))?;
        }
        if page.len() < AUDIT_PAGE_ROWS {
            return Ok(());
        }
    }
}

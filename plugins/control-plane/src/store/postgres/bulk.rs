//! Inserts many rows with one statement.

use std::sync::LazyLock;

use kt_control_api::{AuditEntry, ContentHash, Timestamp, canonical_json};
use tokio_postgres::types::ToSql;

use super::query_error::QueryError;
use super::rows;
use super::session::Session;
use super::text::{storable, storable_json};
use crate::store::table::{Row, SqlValue};
use crate::store::{ApplyOutcomeRow, ContentRow, ExportRecord, GatewayRow, TokenRow, VersionRow};

/// Number of rows of a kind after which all are inserted. A statement has at most 65,535
/// parameters, and a row at most 14.
const BATCH: usize = 500;
/// Number of bytes of contents after which all rows are inserted.
const MAX_CONTENT_BYTES: usize = 8 << 20;

const CONTENTS: &str = "INSERT INTO blobs(sha256, content)
    SELECT * FROM unnest($1::bytea[], $2::bytea[]) ON CONFLICT DO NOTHING";
const AUDIT: &str = "
    INSERT INTO audit(seq, at, actor, request_id, action, target, rev, detail, hash)
    SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::text[],
      $6::text[], $7::bigint[], $8::text[], $9::bytea[])";

/// Takes an array for each column of a version.
static VERSIONS: LazyLock<String> = LazyLock::new(|| {
    let parameters = rows::parameters::<VersionRow>(1);
    let arrays: Vec<_> = parameters.iter().map(|one| format!("{one}[]")).collect();
    format!(
        "INSERT INTO config_versions({}) SELECT * FROM unnest({})",
        VersionRow::column_list(),
        arrays.join(", ")
    )
});

/// Rows that are not inserted yet.
#[derive(Default)]
pub(super) struct PendingRows {
    gateways: Vec<GatewayRow>,
    contents: Vec<ContentRow>,
    content_bytes: usize,
    versions: Vec<VersionRow>,
    outcomes: Vec<ApplyOutcomeRow>,
    tokens: Vec<TokenRow>,
    audit: Vec<AuditEntry>,
    /// Number and seal of the last audit row.
    last_seal: Option<(u64, ContentHash)>,
}

impl PendingRows {
    /// Adds a row, and inserts all of them if there are enough.
    pub(super) async fn push(
        &mut self,
        session: &Session,
        record: ExportRecord,
    ) -> Result<(), QueryError> {
        let rows = match record {
            ExportRecord::Gateway(row) => push(&mut self.gateways, row),
            ExportRecord::Content(row) => {
                self.content_bytes += row.content.len();
                push(&mut self.contents, row)
            }
            ExportRecord::Version(row) => push(&mut self.versions, row),
            ExportRecord::ApplyOutcome(row) => push(&mut self.outcomes, row),
            ExportRecord::Token(row) => push(&mut self.tokens, row),
            ExportRecord::Audit(row) => {
                let row = self.sealed(row);
                push(&mut self.audit, row)
            }
        };
        if rows >= BATCH || self.content_bytes >= MAX_CONTENT_BYTES {
            self.insert(session).await?;
        }
        Ok(())
    }

    /// Returns number and seal of the last audit row.
    pub(super) fn last_seal(&self) -> Option<(u64, ContentHash)> {
        self.last_seal
    }

    /// Numbers and seals a row as the database does. Both must result in those of the export.
    fn sealed(&mut self, row: AuditEntry) -> AuditEntry {
        let last = self.last_seal;
        let mut row = AuditEntry {
            seq: last.map_or(1, |(seq, _)| seq + 1),
            actor: storable(&row.actor).into_owned(),
            request_id: storable(&row.request_id).into_owned(),
            action: storable(&row.action).into_owned(),
            target: storable(&row.target).into_owned(),
            detail: storable_json(row.detail),
            ..row
        };
        let seal = row.seal(last.map(|(_, seal)| seal).as_ref());
        row.hash = Some(seal);
        self.last_seal = Some((row.seq, seal));
        row
    }

    /// Inserts all rows, each kind after those that it refers to.
    pub(super) async fn insert(&mut self, session: &Session) -> Result<(), QueryError> {
        insert_all(session, &self.gateways).await?;
        self.gateways.clear();
        insert_contents(session, &self.contents).await?;
        self.contents.clear();
        self.content_bytes = 0;
        insert_all(session, &self.versions).await?;
        self.versions.clear();
        insert_all(session, &self.outcomes).await?;
        self.outcomes.clear();
        insert_all(session, &self.tokens).await?;
        self.tokens.clear();
        insert_audit(session, &self.audit).await?;
        self.audit.clear();
        Ok(())
    }
}

fn push<T>(rows: &mut Vec<T>, row: T) -> usize {
    rows.push(row);
    rows.len()
}

async fn insert_all<T: Row>(session: &Session, all: &[T]) -> Result<(), QueryError> {
    if all.is_empty() {
        return Ok(());
    }
    let parameters = (0..all.len()).map(|row| {
        let row = rows::parameters::<T>(1 + row * T::COLUMNS.len());
        format!("({})", row.join(", "))
    });
    let sql = format!(
        "INSERT INTO {}({}) VALUES {}",
        T::TABLE,
        T::column_list(),
        parameters.collect::<Vec<_>>().join(", ")
    );
    let mut values = Vec::new();
    for row in all {
        values.extend(row.to_values()?);
    }
    session.rows(&sql, &rows::bound(&values)).await.map(drop)
}

/// Inserts the contents that are not stored yet.
pub(super) async fn insert_contents(
    session: &Session,
    all: &[ContentRow],
) -> Result<(), QueryError> {
    if all.is_empty() {
        return Ok(());
    }
    let hashes: Vec<_> = all
        .iter()
        .map(|row| row.sha256.as_bytes().as_slice())
        .collect();
    let contents: Vec<_> = all.iter().map(|row| row.content.as_bytes()).collect();
    session
        .rows(CONTENTS, &[&hashes, &contents])
        .await
        .map(drop)
}

/// Prepares the statements of [`insert_contents`] and [`insert_versions`].
pub(super) async fn prepare_publish(session: &Session) -> Result<(), QueryError> {
    session.prepare(&[CONTENTS, &VERSIONS]).await
}

/// Inserts versions with a statement that is the same for every number of them.
pub(super) async fn insert_versions(
    session: &Session,
    all: &[&VersionRow],
) -> Result<(), QueryError> {
    if all.is_empty() {
        return Ok(());
    }
    let mut columns: Vec<Vec<SqlValue<'_>>> = VersionRow::COLUMNS.iter().map(|_| vec![]).collect();
    for row in all {
        for (column, value) in columns.iter_mut().zip(row.to_values()?) {
            column.push(value);
        }
    }
    let values: Vec<_> = columns.iter().map(|column| column as _).collect();
    session.rows(&VERSIONS, &values).await.map(drop)
}

/// Inserts sealed rows of the audit log.
async fn insert_audit(session: &Session, all: &[AuditEntry]) -> Result<(), QueryError> {
    if all.is_empty() {
        return Ok(());
    }
    let begin = "INSERT INTO meta(k, v) VALUES('importing', '')";
    session.rows(begin, &[]).await?;
    let numbers = all.iter().map(|row| rows::bigint(row.seq));
    let revisions = all.iter().map(|row| row.rev.map(rows::bigint).transpose());
    let text = |text: fn(&AuditEntry) -> &str| all.iter().map(text).collect::<Vec<_>>();
    let hashes = all.iter().map(|row| row.hash.map(|hash| *hash.as_bytes()));
    let hashes: Vec<_> = hashes.map(|hash| hash.map(Vec::from)).collect();
    let details = all.iter().map(|row| canonical_json(&row.detail));
    let values: [&(dyn ToSql + Sync); 9] = [
        &numbers.collect::<Result<Vec<_>, _>>()?,
        &all.iter()
            .map(|row| Timestamp::as_microsecond(row.at))
            .collect::<Vec<_>>(),
        &text(|row| &row.actor),
        &text(|row| &row.request_id),
        &text(|row| &row.action),
        &text(|row| &row.target),
        &revisions.collect::<Result<Vec<_>, _>>()?,
        &details.collect::<Vec<_>>(),
        &hashes,
    ];
    session.rows(AUDIT, &values).await?;
    let end = "DELETE FROM meta WHERE k = 'importing'";
    session.rows(end, &[]).await.map(drop)
}

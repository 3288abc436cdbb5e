//! Changes the halts of several gateways in one transaction.

use std::sync::LazyLock;

use kt_control_api::{GatewayHalt, GatewayId};
use tokio_postgres::types::ToSql;

use super::audit_rows;
use super::query_error::QueryError;
use super::rows::{self, bigint};
use super::session::Session;
use super::text::storable_json;
use crate::store::decision::{GatewayUpdate, decide_halt};
use crate::store::{ChangeContext, GatewayRow, HaltChange};

/// In the order of the ids, so that two such transactions do not wait for each other.
static LOCK: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT {} FROM gateways g WHERE g.id = ANY($1) AND g.deleted_at IS NULL
         ORDER BY g.id FOR NO KEY UPDATE OF g",
        rows::select_list::<GatewayRow>("g.")
    )
});

const UPDATE: &str = "
    UPDATE gateways g SET rev = n.rev, halt = n.halt::jsonb, halt_generation = n.halt_generation,
      updated_at = n.updated_at
    FROM unnest($1::text[], $2::bigint[], $3::text[], $4::bigint[], $5::bigint[])
      AS n(id, rev, halt, halt_generation, updated_at)
    WHERE g.id = ANY($1::text[]) AND g.id = n.id";

/// Changes the halts. Returns those of the gateways that exist, and which were changed.
pub(super) async fn change(
    session: &mut Session,
    context: &ChangeContext,
    ids: &[GatewayId],
    change: &HaltChange,
) -> Result<(Vec<GatewayHalt>, Vec<GatewayId>), QueryError> {
    let outcome = attempt(session, context, ids, change).await;
    if outcome.is_err() {
        session.roll_back().await;
    }
    outcome
}

async fn attempt(
    session: &mut Session,
    context: &ChangeContext,
    ids: &[GatewayId],
    change: &HaltChange,
) -> Result<(Vec<GatewayHalt>, Vec<GatewayId>), QueryError> {
    let ids: Vec<_> = ids.iter().map(GatewayId::as_str).collect();
    session.begin();
    session.batch_execute("BEGIN").await?;
    let found = session.rows(&LOCK, &[&ids]).await?;
    let (mut halts, mut updates) = (Vec::new(), Vec::new());
    for before in rows::read_all::<GatewayRow>(&found)? {
        let decision = decide_halt(context, &before, change);
        let after = decision.update.as_ref().map_or(&before, |one| &one.gateway);
        halts.push(after.gateway_halt(context.now));
        updates.extend(decision.update);
    }
    session.prepare(&[UPDATE, audit_rows::INSERT]).await?;
    let rows: Vec<_> = updates.iter().map(|update| (context, update)).collect();
    session.committing();
    let (updated, audited, committed) = tokio::join!(
        biased;
        update(session, &updates),
        audit_rows::insert(session, &rows),
        session.batch_execute("COMMIT"),
    );
    updated.and(audited).and(committed)?;
    session.committed();
    let changed = updates.into_iter().map(|update| update.gateway.id);
    Ok((halts, changed.collect()))
}

async fn update(session: &Session, updates: &[GatewayUpdate]) -> Result<(), QueryError> {
    let gateways = || updates.iter().map(|update| &update.gateway);
    let ids: Vec<_> = gateways().map(|row| row.id.as_str()).collect();
    let revisions = gateways().map(|row| bigint(row.rev));
    let halts = gateways().map(|row| {
        let halt = row.halt.as_ref().map(serde_json::to_value).transpose()?;
        Ok(halt.map(|halt| storable_json(halt).to_string()))
    });
    let generations = gateways().map(|row| bigint(row.halt_generation));
    let times: Vec<_> = gateways()
        .map(|row| row.updated_at.as_microsecond())
        .collect();
    let values: [&(dyn ToSql + Sync); 5] = [
        &ids,
        &revisions.collect::<Result<Vec<_>, _>>()?,
        &halts.collect::<Result<Vec<_>, QueryError>>()?,
        &generations.collect::<Result<Vec<_>, _>>()?,
        &times,
    ];
    session.rows(UPDATE, &values).await.map(drop)
}

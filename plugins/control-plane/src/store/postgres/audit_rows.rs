//! Writes the audit rows of many changes with one statement.

use kt_control_api::canonical_json;
use tokio_postgres::types::ToSql;

use super::query_error::QueryError;
use super::rows;
use super::session::Session;
use super::text::storable_json;
use crate::store::ChangeContext;
use crate::store::decision::GatewayUpdate;

/// In the order of the changes. The trigger numbers and seals each row after the previous one.
pub(super) const INSERT: &str = "
    INSERT INTO audit(at, actor, request_id, action, target, rev, detail)
    SELECT at, actor, request_id, action, target, rev, detail
    FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[],
      $7::text[]) WITH ORDINALITY
      AS n(at, actor, request_id, action, target, rev, detail, number)
    ORDER BY number";

/// Writes the audit rows of updates, each with the context of its change.
pub(super) async fn insert(
    session: &Session,
    updated: &[(&ChangeContext, &GatewayUpdate)],
) -> Result<(), QueryError> {
    if updated.is_empty() {
        return Ok(());
    }
    let context = |value: fn(&ChangeContext) -> &str| -> Vec<&str> {
        let contexts = updated.iter().map(|(context, _)| value(context));
        contexts.collect()
    };
    let times: Vec<_> = updated
        .iter()
        .map(|(context, _)| context.now.as_microsecond())
        .collect();
    let updates = || updated.iter().map(|(_, update)| update);
    let actions: Vec<_> = updates().map(|update| update.action).collect();
    let targets: Vec<_> = updates().map(|update| update.gateway.id.as_str()).collect();
    let revisions = updates().map(|update| rows::bigint(update.gateway.rev));
    let details: Vec<_> = updates()
        .map(|update| canonical_json(&storable_json(update.detail.clone())))
        .collect();
    let values: [&(dyn ToSql + Sync); 7] = [
        &times,
        &context(|context| &context.actor),
        &context(|context| &context.request_id),
        &actions,
        &targets,
        &revisions.collect::<Result<Vec<_>, _>>()?,
        &details,
    ];
    session.rows(INSERT, &values).await.map(drop)
}

//! Renewals of leases.

use tokio_postgres::types::ToSql;

use super::query_error::QueryError;
use super::rows::bigint;
use super::session::Session;
use crate::store::LeaseRenewal;

/// Extends leases unless a newer report is stored, and the periods of the states that the instances
/// have. Rows are locked in the same order by all servers. The report is not set, so that no trigger
/// looks at the state.
pub(super) const RENEW: &str = "
    WITH n AS (
      SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[],
        $6::text[], $7::bigint[], $8::bigint[])
      AS n(gateway, instance, seq, seen_at, lease_until, state, generation, unless_after)),
    locked AS (
      SELECT i.gateway_id, i.instance_id FROM n JOIN instances i
        ON i.gateway_id = n.gateway AND i.instance_id = n.instance
      WHERE i.seq < n.seq ORDER BY i.gateway_id, i.instance_id FOR NO KEY UPDATE OF i),
    renewed AS (
      UPDATE instances i
      SET seq = n.seq, seen_at = n.seen_at, lease_until = n.lease_until
      FROM locked l JOIN n ON n.gateway = l.gateway_id AND n.instance = l.instance_id
      WHERE i.gateway_id = l.gateway_id AND i.instance_id = l.instance_id AND i.seq < n.seq
      RETURNING n.*),
    extended AS (
      SELECT gateway, state, generation, min(seen_at) AS seen_at, max(lease_until) AS lease_until,
        max(unless_after) AS unless_after
      FROM renewed WHERE state <> 'offline' GROUP BY 1, 2, 3),
    periods AS (
      SELECT s.gateway_id, e.* FROM extended e JOIN gateway_states s ON s.gateway_id = e.gateway
      WHERE s.state = e.state AND s.generation = e.generation AND s.valid_until < e.unless_after
      ORDER BY s.gateway_id FOR NO KEY UPDATE OF s)
    UPDATE gateway_states s SET valid_until = p.lease_until FROM periods p
    WHERE s.gateway_id = p.gateway_id AND s.state = p.state AND s.generation = p.generation
      AND s.valid_from <= p.seen_at AND s.valid_until > p.seen_at
      AND s.valid_until < p.unless_after";

/// Extends leases.
pub(super) async fn renew(session: &Session, renewals: &[LeaseRenewal]) -> Result<(), QueryError> {
    let texts = |text: fn(&LeaseRenewal) -> &str| renewals.iter().map(text).collect::<Vec<_>>();
    let times = |time: fn(&LeaseRenewal) -> i64| renewals.iter().map(time).collect::<Vec<_>>();
    let numbers = |number: fn(&LeaseRenewal) -> u64| {
        let numbers = renewals.iter().map(|one| bigint(number(one)));
        numbers.collect::<Result<Vec<_>, _>>()
    };
    let values: [&(dyn ToSql + Sync); 8] = [
        &texts(|one| one.gateway.as_str()),
        &texts(|one| one.instance.as_str()),
        &numbers(|one| one.seq)?,
        &times(|one| one.seen_at.as_microsecond()),
        &times(|one| one.lease_until.as_microsecond()),
        &texts(|one| one.state.as_str()),
        &numbers(|one| one.generation)?,
        &times(LeaseRenewal::extends_before),
    ];
    session.rows(RENEW, &values).await.map(drop)
}

//! Publishes versions of several gateways in one transaction: one round trip to lock and read the
//! gateways, and one to write everything and commit.

use std::collections::{HashMap, HashSet};
use std::sync::LazyLock;

use kt_control_api::GatewayId;
use tokio_postgres::Row as PgRow;
use tokio_postgres::types::ToSql;

use super::query_error::QueryError;
use super::rows;
use super::session::Session;
use super::text::storable;
use super::{audit_rows, bulk};
use crate::store::decision::{Decision, GatewayChange, GatewayUpdate, decide};
use crate::store::{
    ChangeContext, ChangeReceipt, ContentRow, GatewayRef, GatewaySnapshot, NewVersion, StoreError,
    VersionRow,
};

/// Without waiting: a gateway that another transaction has locked is left out, so that a batch
/// neither waits for it nor deadlocks with another batch.
static LOCK: LazyLock<String> = LazyLock::new(|| {
    format!(
        "{} WHERE g.id = ANY($1) AND g.deleted_at IS NULL FOR NO KEY UPDATE OF g SKIP LOCKED",
        *rows::SNAPSHOT
    )
});
static LOCK_NAMED: LazyLock<String> = LazyLock::new(|| {
    format!(
        "{} WHERE g.name = ANY($1) AND g.deleted_at IS NULL FOR NO KEY UPDATE OF g SKIP LOCKED",
        *rows::SNAPSHOT
    )
});

const FIND_KEYS: &str = "SELECT i.actor, i.key FROM unnest($1::text[], $2::text[]) AS n(actor, key)
    JOIN LATERAL (SELECT actor, key FROM idempotency WHERE actor = n.actor AND key = n.key) i ON true";

/// The condition on the array selects the gateways by their index.
const UPDATE: &str = "
    UPDATE gateways g SET rev = n.rev, generation = n.generation, last_version = n.last_version,
      desired_version = n.desired_version, updated_at = n.updated_at
    FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[])
      AS n(id, rev, generation, last_version, desired_version, updated_at)
    WHERE g.id = ANY($1::text[]) AND g.id = n.id";

const INSERT_KEYS: &str = "
    INSERT INTO idempotency(actor, key, fingerprint, receipt, created_at)
    SELECT actor, key, fingerprint, receipt::jsonb, created_at
    FROM unnest($1::text[], $2::text[], $3::bytea[], $4::text[], $5::bigint[])
      AS n(actor, key, fingerprint, receipt, created_at)";

/// A parameter of a statement.
type Value<'a> = &'a (dyn ToSql + Sync);

/// A version to publish.
pub(super) struct PublishRequest {
    context: ChangeContext,
    gateway: GatewayRef,
    version: NewVersion,
}

impl PublishRequest {
    /// Returns the length of the content in bytes.
    pub(super) fn len(&self) -> usize {
        self.version.content.len()
    }

    pub(super) fn new(context: &ChangeContext, gateway: &GatewayRef, version: &NewVersion) -> Self {
        Self {
            context: context.clone(),
            gateway: gateway.clone(),
            version: version.clone(),
        }
    }
}

/// What became of a request.
pub(super) enum BatchOutcome {
    /// It is durable, or changed nothing.
    Committed(ChangeReceipt),
    /// It is not possible, or it is unknown whether it was committed.
    Rejected(StoreError),
    /// It was not published, and has to be published on its own.
    Alone,
}

/// Publishes the versions, all or none of them, except those that have to be published alone.
pub(super) async fn publish_all(
    session: &mut Session,
    requests: &[PublishRequest],
) -> Vec<BatchOutcome> {
    let error = match attempt(session, requests).await {
        Ok(outcomes) => return outcomes,
        Err(error) => error,
    };
    let unknown = !session.is_retry_safe() && error.is_lost_connection();
    session.roll_back().await;
    let error = StoreError::from(error).to_string();
    let outcome = |_| match unknown {
        true => BatchOutcome::Rejected(StoreError::Failed(error.clone())),
        false => BatchOutcome::Alone,
    };
    requests.iter().map(outcome).collect()
}

async fn attempt(
    session: &mut Session,
    requests: &[PublishRequest],
) -> Result<Vec<BatchOutcome>, QueryError> {
    let mut gateways = lock(session, requests).await?;
    let mut outcomes = Vec::new();
    let mut decided = Vec::new();
    for request in requests {
        // Taken, so that of several versions of one gateway only the first is in the batch.
        let Some(current) = gateways.take(request) else {
            outcomes.push(BatchOutcome::Alone);
            continue;
        };
        let change = GatewayChange::Publish(&request.version);
        match decide(&request.context, change, &current, None) {
            Ok(decision) => {
                outcomes.push(BatchOutcome::Committed(decision.receipt.clone()));
                decided.push((request, decision));
            }
            Err(error) => outcomes.push(BatchOutcome::Rejected(error)),
        }
    }
    if decided.is_empty() {
        session.roll_back().await;
        return Ok(outcomes);
    }
    write(session, &decided).await?;
    session.committed();
    Ok(outcomes)
}

/// The gateways that are locked, and the idempotency keys that are in use.
struct LockedGateways {
    by_id: HashMap<GatewayId, GatewaySnapshot>,
    ids: HashMap<String, GatewayId>,
    used_keys: HashSet<(String, String)>,
}

impl LockedGateways {
    fn take(&mut self, request: &PublishRequest) -> Option<GatewaySnapshot> {
        let id = match &request.gateway {
            GatewayRef::Id(id) => id,
            GatewayRef::Name(name) => self.ids.get(name)?,
        };
        if let Some(key) = &request.context.idempotency_key {
            let key = (request.context.actor.clone(), key.key.clone());
            if !self.used_keys.insert(key) {
                return None;
            }
        }
        self.by_id.remove(id)
    }
}

/// Begins a transaction, and locks and reads the gateways, in one round trip.
async fn lock(
    session: &mut Session,
    requests: &[PublishRequest],
) -> Result<LockedGateways, QueryError> {
    let (mut ids, mut names) = (Vec::new(), Vec::new());
    for request in requests {
        match &request.gateway {
            GatewayRef::Id(id) => ids.push(id.as_str()),
            GatewayRef::Name(name) => names.push(storable(name)),
        }
    }
    let names: Vec<_> = names.iter().map(AsRef::as_ref).collect::<Vec<&str>>();
    let keys = requests.iter().filter_map(|request| {
        let key = request.context.idempotency_key.as_ref()?;
        Some((request.context.actor.as_str(), key.key.as_str()))
    });
    let (actors, keys): (Vec<_>, Vec<_>) = keys.unzip();
    session.prepare(&[&LOCK, &LOCK_NAMED, FIND_KEYS]).await?;
    let (by_id, by_name): ([Value<'_>; 1], [Value<'_>; 1]) = ([&ids], [&names]);
    let used: [Value<'_>; 2] = [&actors, &keys];
    session.begin();
    let (begun, by_id, by_name, used) = tokio::join!(
        biased;
        session.batch_execute("BEGIN"),
        rows_unless_empty(session, &LOCK, ids.is_empty(), &by_id),
        rows_unless_empty(session, &LOCK_NAMED, names.is_empty(), &by_name),
        rows_unless_empty(session, FIND_KEYS, keys.is_empty(), &used),
    );
    begun?;
    let mut locked = LockedGateways {
        by_id: HashMap::new(),
        ids: HashMap::new(),
        used_keys: HashSet::new(),
    };
    for row in by_id?.iter().chain(&by_name?) {
        // A row that was changed since the statement began may lack its desired version.
        let Ok(snapshot) = rows::snapshot(row) else {
            continue;
        };
        let (id, name) = (&snapshot.gateway.id, &snapshot.gateway.name);
        drop(locked.ids.insert(name.clone(), id.clone()));
        drop(locked.by_id.insert(id.clone(), snapshot));
    }
    for row in used? {
        locked
            .used_keys
            .insert((row.try_get("actor")?, row.try_get("key")?));
    }
    Ok(locked)
}

async fn rows_unless_empty(
    session: &Session,
    sql: &str,
    empty: bool,
    values: &[Value<'_>],
) -> Result<Vec<PgRow>, QueryError> {
    if empty {
        return Ok(Vec::new());
    }
    session.rows(sql, values).await
}

/// Writes everything and commits in one round trip. When a statement fails, so does the commit.
async fn write(
    session: &mut Session,
    decided: &[(&PublishRequest, Decision)],
) -> Result<(), QueryError> {
    let updated: Vec<_> = decided
        .iter()
        .filter_map(|(request, decision)| Some((*request, decision.update.as_ref()?)))
        .collect();
    let contexts = updated.iter();
    let audited: Vec<_> = contexts
        .map(|(request, update)| (&request.context, *update))
        .collect();
    bulk::prepare_publish(session).await?;
    session
        .prepare(&[UPDATE, audit_rows::INSERT, INSERT_KEYS])
        .await?;
    session.committing();
    let (contents, versions, updates, keys, audit, committed) = tokio::join!(
        biased;
        insert_contents(session, &updated),
        insert_versions(session, &updated),
        update_gateways(session, &updated),
        insert_keys(session, decided),
        audit_rows::insert(session, &audited),
        session.batch_execute("COMMIT"),
    );
    contents
        .and(versions)
        .and(updates)
        .and(keys)
        .and(audit)
        .and(committed)
}

/// Ordered by hash: transactions that insert the same contents wait for each other.
async fn insert_contents(
    session: &Session,
    updated: &[(&PublishRequest, &GatewayUpdate)],
) -> Result<(), QueryError> {
    let rows = updated.iter().filter_map(|(request, update)| {
        Some(ContentRow {
            sha256: update.version.as_ref()?.content_sha256,
            content: request.version.content.clone(),
        })
    });
    let mut rows: Vec<_> = rows.collect();
    rows.sort_by_key(|row| *row.sha256.as_bytes());
    rows.dedup_by_key(|row| row.sha256);
    bulk::insert_contents(session, &rows).await
}

async fn insert_versions(
    session: &Session,
    updated: &[(&PublishRequest, &GatewayUpdate)],
) -> Result<(), QueryError> {
    let versions: Vec<&VersionRow> = updated
        .iter()
        .filter_map(|(_, update)| update.version.as_ref())
        .collect();
    bulk::insert_versions(session, &versions).await
}

async fn update_gateways(
    session: &Session,
    updated: &[(&PublishRequest, &GatewayUpdate)],
) -> Result<(), QueryError> {
    if updated.is_empty() {
        return Ok(());
    }
    let gateways = || updated.iter().map(|(_, update)| &update.gateway);
    let ids: Vec<_> = gateways().map(|row| row.id.as_str()).collect();
    let numbers = |number: fn(&crate::store::GatewayRow) -> u64| {
        gateways()
            .map(|row| rows::bigint(number(row)))
            .collect::<Result<Vec<_>, _>>()
    };
    let updated_at: Vec<_> = gateways()
        .map(|row| row.updated_at.as_microsecond())
        .collect();
    let values: [Value<'_>; 6] = [
        &ids,
        &numbers(|row| row.rev)?,
        &numbers(|row| row.generation)?,
        &numbers(|row| row.last_version)?,
        &numbers(|row| row.desired_version.unwrap_or_default())?,
        &updated_at,
    ];
    session.rows(UPDATE, &values).await.map(drop)
}

async fn insert_keys(
    session: &Session,
    decided: &[(&PublishRequest, Decision)],
) -> Result<(), QueryError> {
    let keyed: Vec<_> = decided
        .iter()
        .filter_map(|(request, decision)| {
            let key = request.context.idempotency_key.as_ref()?;
            Some((&request.context, key, &decision.receipt))
        })
        .collect();
    if keyed.is_empty() {
        return Ok(());
    }
    let receipts = keyed
        .iter()
        .map(|(_, _, receipt)| serde_json::to_string(receipt));
    let context = |value: fn(&ChangeContext) -> &str| -> Vec<&str> {
        keyed.iter().map(|(context, ..)| value(context)).collect()
    };
    let times: Vec<_> = keyed
        .iter()
        .map(|(context, ..)| context.now.as_microsecond())
        .collect();
    let keys: Vec<_> = keyed.iter().map(|(_, key, _)| key.key.as_str()).collect();
    let fingerprints: Vec<_> = keyed
        .iter()
        .map(|(_, key, _)| key.fingerprint.as_slice())
        .collect();
    let values: [Value<'_>; 5] = [
        &context(|context| &context.actor),
        &keys,
        &fingerprints,
        &receipts.collect::<Result<Vec<_>, _>>()?,
        &times,
    ];
    session.rows(INSERT_KEYS, &values).await.map(drop)
}

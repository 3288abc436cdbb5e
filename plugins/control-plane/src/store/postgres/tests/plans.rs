//! The plan of every query: none scans a table that grows, except those that are listed here.

use std::collections::BTreeSet;

use super::Database;
use crate::store::suite::{recorded, run_all};

/// Queries that scan a table, and why: the table, and a part of the query.
const SCANS: &[(&str, &str, &str)] = &[
    ("meta", "", "it has six rows"),
    ("gateways", "ORDER BY g.name LIMIT", "ends after a page"),
    ("audit", "FROM audit ORDER BY seq", "ends after a page"),
    (
        "audit",
        "WHERE at >= $1 ORDER BY",
        "has fewer than 1,024 rows",
    ),
    ("tokens", "tokens ORDER BY created_at", "ends after a page"),
    ("tokens", "WHERE (revoked_at", "most tokens are active"),
    ("tokens", "scope = 'admin'", "the index has only these"),
    ("audit_spans", "", "it has one row for 1,024 audit rows"),
    (
        "pg_namespace",
        "",
        "a table of the system, read at the start",
    ),
    ("gateways", "ORDER BY id", "an export reads all"),
    (
        "gateways",
        "sum(last_version)",
        "an integrity check reads all",
    ),
    ("tokens", "ORDER BY id COLLATE", "an export reads all"),
    ("gateways", "SELECT NOT EXISTS", "ends at the first row"),
    ("tokens", "SELECT NOT EXISTS", "ends at the first row"),
    ("audit", "SELECT NOT EXISTS", "ends at the first row"),
    (
        "config_versions",
        "= v.blob) LIMIT 1",
        "an import checks all",
    ),
    ("blobs", "= v.blob) LIMIT 1", "an import checks all"),
    (
        "tokens",
        "NOT (revoked_at",
        "time alone ends tokens, which no index can have",
    ),
];

/// Rows with which a scan of a table takes longer than an index.
const ROWS: &str = "SET search_path = kt;
    INSERT INTO gateways(id, name, description, labels, rev, generation, created_at, updated_at)
      SELECT 'gw_' || lpad(i::text, 16, 'a'), 'n' || i, '', '{}', 1, 1, 1, 1
      FROM generate_series(1, 3000) i;
    INSERT INTO gateway_labels SELECT 'zone', substr(name, 1, 3), name, id FROM gateways;
    INSERT INTO blobs SELECT sha256(id::bytea), 'x' FROM gateways;
    INSERT INTO config_versions(gateway_id, version, sha256, blob, size, author, created_at, origin)
      SELECT id, 1, sha256(id::bytea), sha256(id::bytea), 1, 'x', 1, 'create' FROM gateways
      WHERE last_version = 0;
    INSERT INTO config_versions(gateway_id, version, sha256, blob, size, author, created_at, origin)
      SELECT gateway_id, 2, sha256, blob, 1, 'x', 1, 'create' FROM config_versions
      WHERE created_at = 1;
    INSERT INTO instances(gateway_id, instance_id, seq, seen_at, lease_until, report)
      SELECT id, 'in_' || lpad(i::text, 16, 'a'), 1, 1, 1, '{}' FROM gateways, generate_series(1, 4) i;
    INSERT INTO apply_history(at, gateway_id, instance_id, generation, version, outcome)
      SELECT 1, gateway_id, instance_id, 1, 1, 'applied' FROM instances;
    INSERT INTO tokens(id, name, kind, hash, hint, scope, gateway_id, created_by, created_at)
      SELECT 'tok_' || i || right(id, 15), 'x', CASE i WHEN 1 THEN 'gateway' ELSE 'access' END,
        sha256((i || id)::bytea), 'x', CASE i WHEN 1 THEN 'gateway' ELSE 'read' END,
        CASE i WHEN 1 THEN id END, 'x', 1 FROM gateways, generate_series(1, 2) i;
    INSERT INTO idempotency SELECT 'a' || i % 9, 'k' || i, sha256(i::text::bytea), '{}', i
      FROM generate_series(1, 9000) i;
    INSERT INTO audit(at, actor, request_id, action, target, detail)
      SELECT i, 'a' || i % 2000, 'req_x', 'c' || i % 50, 't' || i % 3000, '{}'
      FROM generate_series(1, 20000) i;
    UPDATE gateway_states SET valid_from = 9, valid_until = 1000 + length(name),
      state = CASE right(name, 1) WHEN '7' THEN 'pending' ELSE 'in-sync' END,
      halted_until = CASE right(name, 2) WHEN '77' THEN 9 END;
    ANALYZE";

/// Returns the table of which a step reads all rows, or all entries of an index, whose conditions
/// are in the next line.
fn scanned_table<'a>(step: &'a str, next: &str) -> Option<&'a str> {
    let (scan, table) = step.split_once(" on ")?;
    let whole = scan.ends_with("Seq Scan")
        || scan.contains("Index") && !scan.contains("Bitmap") && !next.contains("Index Cond");
    let table = table.split(' ').next()?;
    (whole && scan.contains("Scan")).then_some(table)
}

fn unexpected_scans(database: &Database, queries: &BTreeSet<String>) -> Vec<String> {
    let client =
        database.batch("SET search_path = kt; SET plan_cache_mode = force_generic_plan; ANALYZE");
    let mut scans = Vec::new();
    for sql in queries {
        let steps = database.plan(&client, sql);
        for (number, step) in steps.iter().enumerate() {
            let condition = steps.get(number + 1).map(String::as_str);
            let Some(table) = scanned_table(step, condition.unwrap_or_default()) else {
                continue;
            };
            let allowed = SCANS
                .iter()
                .any(|(name, part, _)| *name == table && sql.contains(part));
            if !allowed {
                scans.push(format!("{step}\n    {sql}"));
            }
        }
    }
    scans
}

#[test]
fn no_query_scans_a_table_that_grows() {
    let (Some(from), Some(to)) = (Database::new(), Database::new()) else {
        return;
    };
    let queries = recorded(|| run_all(&from, &to));
    drop(from.batch(ROWS));
    let scans = unexpected_scans(&from, &queries);
    assert!(scans.is_empty(), "{}", scans.join("\n"));
    drop(from.batch("DROP INDEX kt.audit_action"));
    let scans = unexpected_scans(&from, &queries);
    assert!(
        scans.iter().any(|scan| scan.contains("action = ")),
        "{scans:?}"
    );
}

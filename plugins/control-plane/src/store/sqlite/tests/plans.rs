//! The plan of every query: none scans a table that grows, except those that are listed here.

use std::collections::BTreeSet;
use std::path::Path;
use std::{env, fs};

use rusqlite::{Connection, params_from_iter};

use super::{Directory, open};
use crate::store::DATABASE_FILE;
use crate::store::suite::{StoreFixture, recorded, run_all};

/// Every query and its plan. `KT_BLESS=1` writes it.
const LIST: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/src/store/sqlite/tests/plans.txt"
);

/// Queries that scan a table or an index, and why: the table, and a part of the query.
const SCANS: &[(&str, &str, &str)] = &[
    ("meta", "", "it has six rows"),
    ("part", "", "has at most a page of names"),
    ("found", "", "has at most a few pages of names"),
    (
        "s",
        "s.halted_until IS NOT NULL AND s.halted_until >= ?1",
        "the index has only halted gateways",
    ),
    ("audit_spans", "", "it has one row for 1,024 audit rows"),
    ("gateways", "SELECT NOT EXISTS", "ends at the first row"),
    ("tokens", "SELECT NOT EXISTS", "ends at the first row"),
    ("audit", "SELECT NOT EXISTS", "ends at the first row"),
    (
        "g",
        "WHERE g.deleted_at IS NULL ORDER BY g.name LIMIT ?1",
        "ends after a page",
    ),
    ("v", "= v.blob) LIMIT 1", "an import checks all"),
    (
        "gateways",
        "FROM gateways ORDER BY id",
        "an export reads all",
    ),
    (
        "gateways",
        "sum(last_version)",
        "an integrity check reads all",
    ),
    ("tokens", "FROM tokens ORDER BY id", "an export reads all"),
    (
        "audit",
        "FROM audit ORDER BY seq",
        "ends after a page, or an export reads all",
    ),
    (
        "audit",
        "FROM audit WHERE at >= ?1 ORDER BY",
        "there are fewer than 1,024 rows",
    ),
    (
        "tokens",
        "FROM tokens ORDER BY created_at",
        "ends after a page",
    ),
    (
        "tokens",
        "FROM tokens WHERE (revoked_at",
        "ends after a page: most tokens are active",
    ),
    (
        "tokens",
        "FROM tokens WHERE NOT (revoked_at",
        "time alone ends tokens, which no index can have",
    ),
];

/// Indexes without which a query searches the primary key, or ends after a page, and reads more rows
/// than it needs.
const SEARCHED: &[&str] = &[
    "audit_unsealed",
    "gateway_states_halted",
    "instances_answered",
];

fn plan(file: &Connection, sql: &str) -> Vec<String> {
    let mut statement = file.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    let values = vec![rusqlite::types::Null; statement.parameter_count()];
    let steps = statement.query_map(params_from_iter(values), |row| row.get("detail"));
    let steps = steps.unwrap();
    steps.collect::<Result<_, _>>().unwrap()
}

/// Returns the scans that are not allowed, each with its query.
fn unexpected_scans(file: &Connection, queries: &BTreeSet<String>) -> Vec<String> {
    let scans = queries.iter().flat_map(|sql| {
        let steps = plan(file, sql).into_iter();
        let scans = steps.filter(|step| {
            step.starts_with("SCAN ")
                && !step.contains("VIRTUAL TABLE")
                && !step.contains("CONSTANT ROW")
        });
        scans.filter_map(move |step| {
            let table = step.split(' ').nth(1).unwrap_or_default();
            let allowed = SCANS
                .iter()
                .any(|(name, part, _)| *name == table && sql.contains(part));
            (!allowed).then(|| format!("{step}\n    {sql}"))
        })
    });
    scans.collect()
}

fn queries() -> BTreeSet<String> {
    let (from, to) = (Directory::new(), Directory::new());
    // The migrations read whole tables, once.
    drop((from.open(), to.open()));
    recorded(|| run_all(&from, &to))
}

#[test]
fn no_query_scans_a_table_that_grows() {
    let directory = tempfile::tempdir().unwrap();
    drop(open(directory.path()));
    let file = Connection::open(directory.path().join(DATABASE_FILE)).unwrap();
    let queries = queries();
    let scans = unexpected_scans(&file, &queries);
    assert!(scans.is_empty(), "{}", scans.join("\n"));
    let listed = queries.iter().map(|sql| {
        let steps = plan(&file, sql);
        format!("{sql}\n    {}\n", steps.join("\n    "))
    });
    let list: String = listed.collect();
    if env::var_os("KT_BLESS").is_some() {
        fs::write(Path::new(LIST), &list).unwrap();
    }
    let expected = fs::read_to_string(LIST).unwrap_or_default();
    assert!(
        list == expected,
        "KT_BLESS=1 writes the new plans to {LIST}"
    );
}

#[test]
fn without_an_index_a_scan_is_reported() {
    let directory = tempfile::tempdir().unwrap();
    drop(open(directory.path()));
    let file = Connection::open(directory.path().join(DATABASE_FILE)).unwrap();
    let queries = queries();
    let mut statement = file
        .prepare("SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL")
        .unwrap();
    let names = statement
        .query_map([], |row| row.get::<_, String>(0))
        .unwrap();
    let names: Vec<_> = names.collect::<Result<_, _>>().unwrap();
    drop(statement);
    assert!(names.len() > 10, "{names:?}");
    for name in names {
        let all = || -> Vec<_> { queries.iter().map(|sql| plan(&file, sql)).collect() };
        let before = all();
        file.execute_batch(&format!("BEGIN; DROP INDEX {name}"))
            .unwrap();
        let (after, scans) = (all(), unexpected_scans(&file, &queries));
        file.execute_batch("ROLLBACK").unwrap();
        assert!(before != after, "{name} is not used by any query");
        let reported = !scans.is_empty();
        assert!(reported || SEARCHED.contains(&name.as_str()), "{name}");
    }
}

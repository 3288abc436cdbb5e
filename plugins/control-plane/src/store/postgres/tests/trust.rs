use super::Database;
use crate::store::migrations::POSTGRES;
use crate::store::suite::{StoreFixture, change, gateway};
use crate::store::{DatabaseAddress, Password, PostgresStore, Store, StoreError, StoredScope};

#[test]
fn foreign_and_unsupported_schemas_are_rejected_and_compatible_ones_used() {
    let Some(database) = Database::new() else {
        return;
    };
    database
        .store()
        .create(&change(), &gateway("edge"))
        .unwrap();
    assert!(database.tamper("UPDATE kt.meta SET v = '99' WHERE k = 'schema'"));
    assert_eq!(
        database.store().schema(),
        99,
        "the newer kt declared it compatible"
    );
    assert!(database.tamper("UPDATE kt.meta SET v = '98' WHERE k = 'oldest_writer'"));
    let refused = PostgresStore::open(&database.address()).unwrap_err();
    assert!(
        matches!(refused, StoreError::UnsupportedSchema { found: 99, .. }),
        "{refused}"
    );
    assert!(database.tamper("DELETE FROM kt.meta WHERE k = 'application'"));
    let refused = PostgresStore::open(&database.address()).unwrap_err();
    assert!(matches!(refused, StoreError::Unusable(_)), "{refused}");
}

/// A database of the first schema.
const FIRST_SCHEMA: &str = concat!(
    "CREATE SCHEMA kt; SET search_path = kt;",
    include_str!("../schema/0001.sql"),
    "INSERT INTO meta(k, v) VALUES('application', 'kt control-plane'), ('epoch', 'e'),
       ('schema', '1'), ('oldest_writer', '1'), ('oldest_reader', '1');
     INSERT INTO tokens(id, name, kind, hash, hint, scope, created_by, created_at)
       VALUES('tok_aaaaaaaaaaaaaaaa', 'admin', 'access', sha256('x'), 'kt_at_xxx', 'admin', 'y', 1);"
);

#[test]
fn a_database_of_the_first_schema_is_migrated() {
    let Some(database) = Database::new() else {
        return;
    };
    drop(database.batch(FIRST_SCHEMA));
    let store = database.store();
    assert_eq!(store.schema() as usize, POSTGRES.len());
    assert_eq!(store.epoch().unwrap(), "e");
    let kept = store.token_by_id(&"tok_aaaaaaaaaaaaaaaa".parse().unwrap());
    assert_eq!(kept.unwrap().scope, StoredScope::Admin);
    // The constraints are those of a new database.
    let Some(new) = Database::new() else {
        return;
    };
    drop(new.store());
    let rules = "SELECT conname || ' ' || pg_get_constraintdef(c.oid) FROM pg_constraint c
        WHERE connamespace = 'kt'::regnamespace ORDER BY 1";
    assert_eq!(database.texts(rules), new.texts(rules));
}

#[test]
fn tables_of_another_application_are_not_changed() {
    let Some(database) = Database::new() else {
        return;
    };
    assert!(database.tamper("CREATE TABLE public.gateways(x int)"));
    assert!(database.tamper("CREATE TABLE public.meta(x int)"));
    database
        .store()
        .create(&change(), &gateway("edge"))
        .unwrap();
    assert_eq!(database.count("SELECT count(*) FROM public.gateways"), 0);

    let Some(other) = Database::new() else {
        return;
    };
    assert!(other.tamper("CREATE SCHEMA kt"));
    assert!(other.tamper("CREATE TABLE kt.theirs(x int)"));
    let refused = PostgresStore::open(&other.address())
        .unwrap_err()
        .to_string();
    assert!(refused.contains("not one of kt"), "{refused}");
    assert_eq!(
        other.count("SELECT count(*) FROM pg_tables WHERE schemaname = 'kt'"),
        1
    );
}

#[test]
fn a_wrong_password_is_rejected_and_not_repeated() {
    let Some(database) = Database::new() else {
        return;
    };
    let wrong = Password::new("hunter2".to_owned());
    let address = database.address().with_password(Some(&wrong));
    let refused = format!("{:?}", PostgresStore::open(&address).unwrap_err());
    assert!(refused.contains("password"), "{refused}");
    assert!(!refused.contains("hunter2"), "{refused}");
    assert!(!format!("{address:?}").contains("hunter2"));
    let nowhere = DatabaseAddress::parse("postgres://kt@127.0.0.1:1/main").unwrap();
    let refused = PostgresStore::open(&nowhere).unwrap_err();
    assert!(matches!(refused, StoreError::Failed(_)), "{refused}");
}

//! Two stores behave the same for the same operations.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use super::audit_log;
use super::fixture::StoreFixture;
use super::operations::{OperationRunner, steps};

/// Tables whose rows must be the same, in this order.
const HISTORY: [&str; 2] = [
    "SELECT at || ' ' || actor || ' ' || action || ' ' || target || ' ' || coalesce(rev, 0)
     FROM audit ORDER BY seq",
    "SELECT at || ' ' || gateway_id || ' ' || instance_id || ' ' || generation || ' ' || outcome
     FROM apply_history ORDER BY seq",
];

/// Runs random sequences of operations on stores of two kinds, and compares every result, what the
/// stores then return, and their history tables.
pub(crate) fn stores_agree<A: StoreFixture, B: StoreFixture>(
    cases: u32,
    fixtures: impl Fn() -> Option<(A, B)>,
) {
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    let outcome = TestRunner::new(config).run(&steps(), |steps| {
        let Some((one, other)) = fixtures() else {
            return Ok(());
        };
        let stores = [one.open(), other.open()];
        let stores = [&*stores[0], &*stores[1]];
        let mut runner = OperationRunner::new();
        for step in &steps {
            let [left, right] = runner.run(step, stores);
            prop_assert_eq!(left, right, "{:?}", step);
        }
        let [left, right] = stores.map(|store| runner.state(store));
        prop_assert_eq!(left, right);
        let [left, right] = stores.map(audit_log::rows);
        prop_assert_eq!(left, right, "including the seals");
        for sql in HISTORY {
            prop_assert_eq!(one.texts(sql), other.texts(sql));
        }
        Ok(())
    });
    outcome.unwrap_or_else(|error| panic!("{error}"));
}

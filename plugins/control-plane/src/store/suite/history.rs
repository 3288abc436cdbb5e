//! The audit log as the history of changes.

use kt_control_api::RevertRequest;

use super::fixture::{StoreFixture, change, edge, gateway, requiring, version};
use crate::store::GatewayAction;

pub(crate) fn every_change_writes_an_audit_row(fixture: &dyn StoreFixture) {
    let store = fixture.open();
    store.create(&change(), &gateway("edge")).unwrap();
    store
        .publish(&change(), &edge(), &version("second"))
        .unwrap();
    let revert = RevertRequest {
        version: 1,
        reason: None,
    };
    store.revert(&change(), &edge(), &revert).unwrap();
    let reload = GatewayAction::Reload { message: None };
    store.act(&change(), &edge(), &reload).unwrap();
    store.delete(&change(), &edge()).unwrap();
    assert_eq!(
        fixture.texts("SELECT action FROM audit ORDER BY seq"),
        [
            "gateway.create",
            "config.publish",
            "config.revert",
            "gateway.reload",
            "gateway.delete"
        ]
    );
    assert_eq!(
        fixture.texts("SELECT CAST(rev AS TEXT) FROM audit ORDER BY seq"),
        ["1", "2", "3", "4", "5"]
    );
}

pub(crate) fn triggers_prevent_changes_of_the_history(fixture: &dyn StoreFixture) {
    fixture.open().create(&change(), &gateway("edge")).unwrap();
    for sql in [
        "UPDATE config_versions SET author = 'x'",
        "DELETE FROM config_versions",
        "UPDATE blobs SET content = 'x'",
        "DELETE FROM blobs",
        "UPDATE config_versions SET pruned_at = 1",
        "UPDATE audit SET actor = 'x'",
        "DELETE FROM audit",
        "UPDATE gateways SET desired_version = 2",
        "UPDATE gateways SET desired_version = 2, last_version = 2",
        "UPDATE gateways SET reload_generation = 9",
        "INSERT INTO config_versions SELECT gateway_id, 3, sha256, blob, size, author, created_at,
             origin, reverts_to, source, message FROM config_versions",
    ] {
        assert!(!fixture.tamper(sql), "{sql}");
    }
    assert!(fixture.tamper("UPDATE gateways SET description = 'x'"));
}

pub(crate) fn a_failed_change_writes_nothing(fixture: &dyn StoreFixture) {
    let store = fixture.open();
    store.create(&change(), &gateway("edge")).unwrap();
    assert!(store.create(&change(), &gateway("edge")).is_err());
    let lost = store.publish(&requiring(7), &edge(), &version("lost"));
    assert!(lost.is_err());
    for (table, rows) in [
        ("gateways", 1),
        ("blobs", 1),
        ("config_versions", 1),
        ("audit", 1),
    ] {
        let sql = format!("SELECT count(*) FROM {table}");
        assert_eq!(fixture.count(&sql), rows, "{table}");
    }
}

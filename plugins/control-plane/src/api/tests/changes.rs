use kt_control_api::{
    ErrorClass, Etag, ProblemCode, PublishRequest, ReconcileRequest, ReloadRequest, RevertRequest,
    SyncState, VersionOrigin,
};

use crate::fixture::{TestApi, content, rejecting, report, serving};

#[test]
fn versions_are_dense_and_listed_newest_first() {
    let test_api = TestApi::new();
    let client = test_api.client();
    test_api.edge();
    for (number, text) in (2..).zip(["two", "three"]) {
        let response = client.reload("edge", &content(text), None).unwrap();
        let version = response.version.unwrap();
        assert_eq!(
            (version.version, version.origin),
            (number, VersionOrigin::Reload)
        );
        assert_eq!(response.gateway.desired.unwrap().version, number);
    }
    let page = client.config_versions("edge", Some(2), None).unwrap();
    assert_eq!(
        page.items.iter().map(|v| v.version).collect::<Vec<_>>(),
        [3, 2]
    );
    let rest = client
        .config_versions("edge", None, page.next_cursor.as_deref())
        .unwrap();
    assert_eq!(rest.items.len(), 1);
    assert_eq!(client.config_version("edge", 1).unwrap(), rest.items[0]);
    assert_eq!(
        client.config_version("edge", 4).unwrap_err().class,
        ErrorClass::NotFound
    );
    assert_eq!(test_api.count("audit"), 3);
}

#[test]
fn content_with_the_meaning_of_the_desired_version_creates_no_version() {
    let test_api = TestApi::new();
    let before = test_api.edge();
    let same = test_api
        .client()
        .reload("edge", &content("one  # another comment"), None)
        .unwrap();
    assert!(same.unchanged);
    assert_eq!(same.gateway.last_version, before.last_version);
    assert_eq!(same.version.unwrap().version, 1);
    assert_eq!(test_api.count("config_versions"), 1);
    // The secrets that it refers to may have changed: instances apply it again.
    assert_eq!((before.generation, same.generation), (1, 2));
    assert_eq!(test_api.count("audit"), 2);
    let published = PublishRequest {
        content: "one".to_owned(),
        ..PublishRequest::default()
    };
    let client = test_api.client();
    let again = client.publish_config("edge", &published, None).unwrap();
    assert!(again.unchanged);
    assert_eq!(again.gateway, same.gateway, "publishing alone does not");
}

#[test]
fn a_revert_is_a_new_version_with_the_old_content() {
    let test_api = TestApi::new();
    let client = test_api.client();
    test_api.edge();
    client.reload("edge", &content("two"), None).unwrap();
    let revert = RevertRequest {
        version: 1,
        reason: Some("two broke".to_owned()),
    };
    let response = client.revert("edge", &revert, None).unwrap();
    let version = response.version.unwrap();
    assert_eq!((version.version, version.reverts_to), (3, Some(1)));
    assert_eq!(
        (version.origin, version.message),
        (VersionOrigin::Revert, revert.reason.clone())
    );
    assert_eq!(client.config_content("edge", 3).unwrap(), "one\n");
    assert_eq!(
        test_api.count("blobs"),
        2,
        "the content is not stored twice"
    );
    let again = client.revert("edge", &revert, None).unwrap();
    assert!(again.unchanged);
    assert_eq!(again.gateway.last_version, 3);
    let missing = client
        .revert(
            "edge",
            &RevertRequest {
                version: 9,
                reason: None,
            },
            None,
        )
        .unwrap_err();
    assert_eq!(missing.class, ErrorClass::NotFound);
}

#[test]
fn a_version_conflict_returns_the_current_gateway() {
    let test_api = TestApi::new();
    let client = test_api.client();
    let seen = test_api.edge().etag();
    client.reload("edge", &content("two"), Some(seen)).unwrap();
    let error = client
        .reload("edge", &content("three"), Some(seen))
        .unwrap_err();
    assert_eq!(
        (error.status, error.code),
        (412, Some(ProblemCode::VersionConflict))
    );
    assert_eq!(error.class, ErrorClass::Conflict);
    let current = error.current.unwrap();
    assert_eq!((current.rev, current.last_version), (2, 2));
    let stale = Some(Etag(1));
    let revert = RevertRequest {
        version: 1,
        reason: None,
    };
    assert_eq!(
        client.revert("edge", &revert, stale).unwrap_err().status,
        412
    );
    assert_eq!(
        client
            .reload("edge", &ReloadRequest::default(), stale)
            .unwrap_err()
            .status,
        412
    );
    assert_eq!(
        client
            .reconcile("edge", &ReconcileRequest::default(), stale)
            .unwrap_err()
            .status,
        412
    );
    assert_eq!(
        client.delete_gateway("edge", stale).unwrap_err().status,
        412
    );
    let patch = kt_control_api::GatewayPatch {
        name: Some("x".into()),
        ..Default::default()
    };
    assert_eq!(
        client
            .update_gateway("edge", &patch, stale)
            .unwrap_err()
            .status,
        412
    );
    assert_eq!(client.gateway("edge").unwrap(), *current);
}

#[test]
fn a_reload_without_content_creates_no_version() {
    let test_api = TestApi::new();
    let client = test_api.client();
    let before = test_api.edge();
    client.report_status("edge", &serving(1, &before)).unwrap();
    assert_eq!(client.gateway("edge").unwrap().state, SyncState::InSync);
    let response = client
        .reload("edge", &ReloadRequest::default(), None)
        .unwrap();
    assert!(!response.unchanged);
    assert_eq!((response.generation, response.gateway.last_version), (2, 1));
    assert_eq!(response.gateway.state, SyncState::Pending);
    client
        .report_status("edge", &serving(2, &response.gateway))
        .unwrap();
    assert_eq!(client.gateway("edge").unwrap().state, SyncState::InSync);
}

#[test]
fn a_reconcile_writes_only_when_an_instance_needs_it() {
    let test_api = TestApi::new();
    let client = test_api.client();
    let gateway = test_api.edge();
    let reconcile = ReconcileRequest::default();
    assert!(
        client
            .reconcile("edge", &reconcile, None)
            .unwrap()
            .unchanged,
        "offline"
    );
    client.report_status("edge", &serving(1, &gateway)).unwrap();
    assert!(
        client
            .reconcile("edge", &reconcile, None)
            .unwrap()
            .unchanged,
        "in sync"
    );
    assert_eq!(client.gateway("edge").unwrap().rev, 1);

    client
        .report_status("edge", &rejecting(serving(2, &gateway), &gateway))
        .unwrap();
    let dry = ReconcileRequest {
        dry_run: true,
        ..ReconcileRequest::default()
    };
    let planned = client.reconcile("edge", &dry, None).unwrap();
    assert!(
        !planned.unchanged && planned.generation == 1,
        "only reported"
    );
    let done = client.reconcile("edge", &reconcile, None).unwrap();
    assert!(!done.unchanged);
    assert_eq!(
        (done.generation, done.gateway.state),
        (2, SyncState::Pending)
    );
}

#[test]
fn a_gateway_without_a_desired_version_cannot_be_reconciled() {
    let test_api = TestApi::new();
    let new = kt_control_api::CreateGatewayRequest {
        name: "empty".into(),
        ..Default::default()
    };
    test_api.client().create_gateway(&new).unwrap();
    let error = test_api
        .client()
        .reconcile("empty", &ReconcileRequest::default(), None)
        .unwrap_err();
    assert_eq!(
        (error.class, error.code),
        (ErrorClass::Conflict, Some(ProblemCode::NoConfiguration))
    );
}

#[test]
fn a_gateway_publishes_its_own_file() {
    let test_api = TestApi::new();
    test_api.edge();
    let publish = PublishRequest {
        content: "mine".to_owned(),
        from_file: true,
        ..Default::default()
    };
    let response = test_api
        .client()
        .publish_config("edge", &publish, None)
        .unwrap();
    assert_eq!(response.version.unwrap().origin, VersionOrigin::File);
}

#[test]
fn an_instance_that_leaves_an_acknowledged_version_has_drifted() {
    let test_api = TestApi::new();
    let client = test_api.client();
    let gateway = test_api.edge();
    let mut drifted = serving(1, &gateway);
    drifted.applied.as_mut().unwrap().sha256 = kt_control_api::ContentHash::from_bytes([7; 32]);
    client.report_status("edge", &drifted).unwrap();
    assert_eq!(client.gateway("edge").unwrap().state, SyncState::Drifted);
    client.report_status("edge", &report(2)).unwrap();
    assert_eq!(client.gateway("edge").unwrap().state, SyncState::Pending);
}

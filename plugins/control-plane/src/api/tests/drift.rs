use std::time::Duration;

use kt_control_api::{
    AuditQuery, ContentHash, CreateGatewayRequest, DriftPolicy, Gateway, GatewayPatch, ProblemCode,
    StatusReport, SyncState,
};

use crate::fixture::{TestApi, serving};

fn test_api(drift: DriftPolicy) -> TestApi {
    let test_api = TestApi::new();
    let new = CreateGatewayRequest {
        name: "edge".to_owned(),
        content: Some("one\n".to_owned()),
        drift,
        ..CreateGatewayRequest::default()
    };
    test_api.client().create_gateway(&new).unwrap();
    test_api
}

/// Returns the report of an instance that acknowledged the desired version and serves another one.
fn overridden(seq: u64, gateway: &Gateway) -> StatusReport {
    let mut report = serving(seq, gateway);
    let applied = report.applied.as_mut().unwrap();
    applied.version = None;
    applied.sha256 = ContentHash::from_bytes([7; 32]);
    report
}

/// Sends a report, and returns the gateway and the index in the response.
fn send_report(test_api: &TestApi, report: &StatusReport) -> (Gateway, u64) {
    let client = test_api.client();
    let response = client.report_status("edge", report).unwrap();
    (client.gateway("edge").unwrap(), response.index)
}

#[test]
fn drift_is_repaired_only_with_the_policy_repair() {
    let test_api = test_api(DriftPolicy::Report);
    let edge = test_api.client().gateway("edge").unwrap();
    let (seen, index) = send_report(&test_api, &overridden(1, &edge));
    assert_eq!((seen.state, seen.rev, index), (SyncState::Drifted, 1, 1));

    let patch = GatewayPatch {
        drift: Some(DriftPolicy::Repair),
        ..GatewayPatch::default()
    };
    let patched = test_api
        .client()
        .update_gateway("edge", &patch, None)
        .unwrap();
    assert_eq!((patched.drift, patched.rev), (DriftPolicy::Repair, 2));
    let (seen, index) = send_report(&test_api, &overridden(2, &edge));
    assert_eq!((seen.state, seen.rev, index), (SyncState::Pending, 3, 2));
    assert_eq!(seen.desired.as_ref().unwrap().version, 1, "unchanged");
    let rows = test_api
        .client()
        .audit(&AuditQuery::default())
        .unwrap()
        .items;
    assert_eq!(
        (rows[0].actor.as_str(), rows[0].action.as_str()),
        ("kt:drift", "gateway.reconcile")
    );
    let why = rows[0].detail["reason"].as_str().unwrap();
    assert!(why.starts_with("in_"), "{why}");
    // A pending reconcile is not requested again.
    let (seen, index) = send_report(&test_api, &overridden(3, &edge));
    assert_eq!((seen.rev, index), (3, 2));
    let (seen, _) = send_report(&test_api, &serving(4, &seen));
    assert_eq!((seen.state, seen.rev), (SyncState::InSync, 3));
}

#[test]
fn repeated_drift_is_repaired_once_per_minute() {
    let test_api = test_api(DriftPolicy::Repair);
    let edge = test_api.client().gateway("edge").unwrap();
    let (edge, _) = send_report(&test_api, &overridden(1, &edge));
    assert_eq!(edge.generation, 2);
    test_api.advance(Duration::from_secs(20));
    let (again, _) = send_report(&test_api, &overridden(2, &edge));
    assert_eq!((again.state, again.generation), (SyncState::Drifted, 2));
    test_api.advance(Duration::from_secs(40));
    let (later, _) = send_report(&test_api, &overridden(3, &edge));
    assert_eq!((later.state, later.generation), (SyncState::Pending, 3));
}

#[test]
fn an_unknown_drift_policy_is_rejected() {
    let test_api = test_api(DriftPolicy::Report);
    let patch = GatewayPatch {
        drift: Some(DriftPolicy::Unknown),
        ..GatewayPatch::default()
    };
    let rejected = test_api.client().update_gateway("edge", &patch, None);
    assert_eq!(
        rejected.unwrap_err().code,
        Some(ProblemCode::ValidationFailed)
    );
}

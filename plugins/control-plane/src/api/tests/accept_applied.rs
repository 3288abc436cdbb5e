use kt_control_api::{
    Gateway, InstanceId, ProblemCode, ReconcileMode, ReconcileRequest, StatusReport, SyncState,
    VersionOrigin,
};

use crate::fixture::{TestApi, content, serving};

/// Returns a gateway with the versions `one` and `two`, of which `one` is applied.
fn test_api() -> (TestApi, Gateway) {
    let test_api = TestApi::new();
    let old = test_api.edge();
    test_api
        .client()
        .reload("edge", &content("two\n"), None)
        .unwrap();
    test_api
        .client()
        .report_status("edge", &serving(1, &old))
        .unwrap();
    (test_api, old)
}

fn accept(dry_run: bool) -> ReconcileRequest {
    ReconcileRequest {
        mode: ReconcileMode::AcceptApplied,
        dry_run,
        reason: Some("it works".to_owned()),
    }
}

fn error_code(test_api: &TestApi) -> Option<ProblemCode> {
    let client = test_api.client();
    let rejected = client.reconcile("edge", &accept(false), None).unwrap_err();
    rejected.code
}

/// Returns the report of another instance of the gateway.
fn second(report: StatusReport) -> StatusReport {
    StatusReport {
        instance_id: InstanceId::random(),
        ..report
    }
}

#[test]
fn the_applied_content_becomes_desired_as_a_new_version() {
    let (test_api, old) = test_api();
    let client = test_api.client();
    client
        .report_status("edge", &second(serving(1, &old)))
        .unwrap();
    let dry = client.reconcile("edge", &accept(true), None).unwrap();
    assert_eq!(dry.version.unwrap().version, 1);
    assert_eq!((dry.unchanged, dry.gateway.last_version), (false, 2));
    let done = client.reconcile("edge", &accept(false), None).unwrap();
    let created = done.version.unwrap();
    assert_eq!(
        (created.version, created.origin),
        (3, VersionOrigin::Revert)
    );
    assert_eq!(
        (created.reverts_to, created.message.as_deref()),
        (Some(1), Some("it works"))
    );
    let gateway = client.gateway("edge").unwrap();
    assert_eq!(gateway.desired.as_ref().unwrap().sha256, created.sha256);
    client.report_status("edge", &serving(2, &gateway)).unwrap();
    let again = client.reconcile("edge", &accept(false), None).unwrap();
    assert!(again.unchanged);
    assert_eq!(again.gateway.last_version, 3);
}

#[test]
fn different_or_unknown_contents_are_not_accepted() {
    let (test_api, _) = test_api();
    let client = test_api.client();
    let new = client.gateway("edge").unwrap();
    let other = second(serving(1, &new));
    client.report_status("edge", &other).unwrap();
    assert_eq!(error_code(&test_api), Some(ProblemCode::AppliedDiffers));
    let stopped = StatusReport {
        stopping: true,
        seq: 2,
        ..other
    };
    client.report_status("edge", &stopped).unwrap();
    let mut own = serving(2, &new);
    let applied = own.applied.as_mut().unwrap();
    applied.version = None;
    applied.sha256 = kt_control_api::ContentHash::from_bytes([7; 32]);
    client.report_status("edge", &own).unwrap();
    assert_eq!(client.gateway("edge").unwrap().state, SyncState::Drifted);
    assert_eq!(error_code(&test_api), Some(ProblemCode::ContentUnknown));
    own.seq = 3;
    own.stopping = true;
    client.report_status("edge", &own).unwrap();
    assert_eq!(error_code(&test_api), Some(ProblemCode::NothingApplied));
    assert_eq!(client.gateway("edge").unwrap().last_version, 2);
}

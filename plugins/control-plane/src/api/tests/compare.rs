use kt_control_api::{Method, Problem, ProblemCode, Request, StatusReport, VersionDiff};

use crate::fixture::{TestApi, report, serving};

fn ask(
    test_api: &TestApi,
    version: u64,
    against: Option<&str>,
) -> Result<VersionDiff, Box<Problem>> {
    let path = format!("/v1/gateways/edge/config-versions/{version}/diff");
    let mut request = Request::new(Method::Get, path);
    if let Some(against) = against {
        request = request.with_query("against", against);
    }
    let response = test_api.send(&request);
    let body = response.body.unwrap();
    if response.status == 200 {
        Ok(serde_json::from_str(&body).unwrap())
    } else {
        Err(serde_json::from_str(&body).unwrap())
    }
}

#[test]
fn a_version_is_compared_with_the_desired_applied_or_given_version() {
    let test_api = TestApi::with_three_versions();
    let gateway = test_api.client().gateway("edge").unwrap();
    let report = |report: &StatusReport| test_api.client().report_status("edge", report).unwrap();
    let by_default = ask(&test_api, 1, None).unwrap();
    assert_eq!((by_default.from.version, by_default.to.version), (3, 1));
    assert_eq!(by_default.unified, "-three\n+one\n");
    assert!(!by_default.same && by_default.gateway == gateway.id);
    assert!(ask(&test_api, 3, Some("desired")).unwrap().same);
    assert_eq!(ask(&test_api, 2, Some("1")).unwrap().from.version, 1);
    let error = ask(&test_api, 1, Some("applied")).unwrap_err();
    assert_eq!((error.code, error.status), (ProblemCode::NotFound, 404));
    report(&serving(1, &gateway));
    assert_eq!(ask(&test_api, 1, Some("applied")).unwrap().from.version, 3);
    let mut own = serving(2, &gateway);
    own.applied.as_mut().unwrap().version = None;
    report(&own);
    let unpublished = ask(&test_api, 1, Some("applied")).unwrap_err();
    assert!(unpublished.detail.contains("never published"));
}

#[test]
fn versions_that_cannot_be_compared_are_reported() {
    let test_api = TestApi::with_three_versions();
    for against in ["nonsense", "-1", ""] {
        let rejected = ask(&test_api, 1, Some(against)).unwrap_err();
        assert_eq!(rejected.code, ProblemCode::MalformedRequest, "{against}");
    }
    for (version, against) in [(9, "1"), (1, "9"), (1, "0")] {
        let missing = ask(&test_api, version, Some(against)).unwrap_err();
        assert_eq!(missing.code, ProblemCode::NotFound, "{version} {against}");
    }
    let bare = kt_control_api::CreateGatewayRequest {
        name: "bare".to_owned(),
        ..Default::default()
    };
    test_api.client().create_gateway(&bare).unwrap();
    test_api.client().report_status("bare", &report(1)).unwrap();
    let path = "/v1/gateways/bare/config-versions/1/diff";
    assert_eq!(test_api.send(&Request::new(Method::Get, path)).status, 404);
}

use kt_control_api::{
    CreateGatewayRequest, ErrorClass, Gateway, Method, Problem, ProblemCode, PublishRequest,
    Request,
};

use serde_json::json;

use crate::api::{Principal, Scope};
use crate::fixture::{TestApi, content, report};

fn problem(test_api: &TestApi, request: &Request) -> Problem {
    let response = test_api.send(request);
    assert_eq!(response.headers["content-type"], "application/problem+json");
    let problem: Problem = serde_json::from_str(response.body.as_deref().unwrap()).unwrap();
    assert_eq!(problem.status, response.status);
    assert_eq!(
        problem.instance.as_ref(),
        response.headers.get("x-request-id")
    );
    assert_eq!(problem.kind, format!("/problems/{}", problem.code));
    problem
}

#[test]
fn unknown_paths_methods_and_parameters_have_different_errors() {
    let test_api = TestApi::new();
    test_api.edge();
    let get = |path: &str| Request::new(Method::Get, path);
    for path in [
        "/",
        "/v2/gateways",
        "/v1/gateways/edge/nonsense",
        "/v1/gateways/",
        "/v1/gateways/edge/",
        "/v1/gateways//config-versions",
        "/v1/gateways/edge/config-versionsX",
        "/v1/gateways/edge/config-versions/1/content/more",
        "/v1/gateways/../../etc",
    ] {
        assert_eq!(
            problem(&test_api, &get(path)).code,
            ProblemCode::NotFound,
            "{path}"
        );
    }
    let delete = Request::new(Method::Delete, "/v1/gateways");
    assert_eq!(
        problem(&test_api, &delete).code,
        ProblemCode::MethodNotAllowed
    );
    let misspelt = get("/v1/gateways").with_query("limt", 3);
    assert_eq!(
        problem(&test_api, &misspelt).code,
        ProblemCode::MalformedRequest
    );
    let too_many = get("/v1/gateways").with_query("limit", 201);
    assert_eq!(
        problem(&test_api, &too_many).code,
        ProblemCode::MalformedRequest
    );
    let too_long = get("/v1/gateways/edge/desired").with_query("wait", 301);
    assert_eq!(
        problem(&test_api, &too_long).code,
        ProblemCode::MalformedRequest
    );
    for n in ["0", "-1", "x", "18446744073709551615"] {
        let version = get(&format!("/v1/gateways/edge/config-versions/{n}"));
        assert_eq!(
            problem(&test_api, &version).code,
            ProblemCode::NotFound,
            "{n}"
        );
    }
}

#[test]
fn bodies_are_parsed_strictly_and_errors_contain_no_values() {
    let test_api = TestApi::new();
    let post = |body: &str| Request::new(Method::Post, "/v1/gateways").with_json(body.to_owned());
    assert_eq!(
        problem(&test_api, &post("{")).code,
        ProblemCode::MalformedRequest
    );
    let unknown = problem(&test_api, &post("{\"name\": \"a\",\n \"nmae\": 1}"));
    assert_eq!(unknown.code, ProblemCode::ValidationFailed);
    assert!(unknown.detail.contains("`nmae`"), "{}", unknown.detail);
    assert_eq!(unknown.errors[0].line, Some(2));
    let wrong = problem(
        &test_api,
        &post("{\"name\": \"a\", \"issue_token\": \"hunter2\"}"),
    );
    assert!(!format!("{wrong:?}").contains("hunter2"));
    let text = post("x").with_header("content-type", "text/plain");
    assert_eq!(
        problem(&test_api, &text).code,
        ProblemCode::UnsupportedMediaType
    );
    let etag = post("{\"name\": \"a\"}").with_header("if-match", "W/\"1\"");
    assert_eq!(
        problem(&test_api, &etag).code,
        ProblemCode::MalformedRequest
    );
}

#[test]
fn numbers_beyond_63_bits_are_rejected_everywhere() {
    let test_api = TestApi::new();
    test_api.edge();
    let post = |path: &str, body: serde_json::Value| {
        Request::new(Method::Post, path).with_json(body.to_string())
    };
    let too_many = 1_u64 << 63;
    for (member, value) in [
        ("observed", json!({"version": 1, "generation": too_many})),
        ("observed", json!({"version": too_many, "generation": 1})),
        ("process", json!({"start_ticks": too_many})),
        ("process", json!({"pid_namespace": "x".repeat(257)})),
        ("process", json!([null, null])),
        ("binary", json!("x".repeat(257))),
    ] {
        let mut body = serde_json::to_value(report(1)).unwrap();
        body[member] = value;
        let rejected = problem(&test_api, &post("/v1/gateways/edge/status", body));
        assert_eq!(rejected.code, ProblemCode::ValidationFailed, "{member}");
    }
    for wrong in [
        json!({"message": "\u{9f}"}),
        json!({"source": "x".repeat(4097)}),
    ] {
        let mut body = wrong;
        body["name"] = json!("bare");
        let rejected = problem(&test_api, &post("/v1/gateways", body.clone()));
        assert_eq!(
            rejected.code,
            ProblemCode::ValidationFailed,
            "also without content"
        );
        body.as_object_mut().unwrap().remove("name");
        let rejected = problem(&test_api, &post("/v1/gateways/edge/actions/reload", body));
        assert_eq!(rejected.code, ProblemCode::ValidationFailed);
    }
}

#[test]
fn a_number_without_a_fraction_is_an_integer() {
    let test_api = TestApi::new();
    test_api.edge();
    let revert = |version: &str| {
        let path = "/v1/gateways/edge/actions/revert";
        Request::new(Method::Post, path).with_json(format!("{{\"version\": {version}}}"))
    };
    assert_eq!(test_api.send(&revert("1.0")).status, 200);
    for version in ["1.5", "-1.0", "1e300"] {
        let rejected = problem(&test_api, &revert(version));
        assert_eq!(rejected.code, ProblemCode::ValidationFailed, "{version}");
        assert_eq!(rejected.errors[0].line, Some(1));
    }
}

#[test]
fn a_configuration_may_be_sent_as_yaml_up_to_the_size_limit() {
    let test_api = TestApi::new();
    test_api.edge();
    let mut publish = Request::new(Method::Post, "/v1/gateways/edge/config-versions")
        .with_header("content-type", "application/yaml; charset=utf-8");
    publish.body = Some("two".to_owned());
    assert_eq!(test_api.send(&publish).status, 201);
    assert_eq!(test_api.client().config_content("edge", 2).unwrap(), "two");
    publish.body = Some("x".repeat(1024 * 1024 + 1));
    assert_eq!(problem(&test_api, &publish).code, ProblemCode::BodyTooLarge);
}

fn as_gateway(
    test_api: &TestApi,
    gateway: &Gateway,
) -> kt_control_api::Client<crate::fixture::DirectTransport> {
    test_api.client_as(Principal {
        actor: "token:test".to_owned(),
        scope: Scope::Gateway(gateway.id.clone()),
        token: None,
        expires_at: None,
    })
}

#[test]
fn the_token_of_a_gateway_is_valid_for_that_gateway_only() {
    let test_api = TestApi::new();
    let own = test_api.edge();
    let other = CreateGatewayRequest {
        name: "other".to_owned(),
        ..CreateGatewayRequest::default()
    };
    test_api.client().create_gateway(&other).unwrap();
    let client = as_gateway(&test_api, &own);
    client.report_status("edge", &report(1)).unwrap();
    assert_eq!(client.config_content("edge", 1).unwrap(), "one\n");
    let file = PublishRequest {
        content: "mine".into(),
        from_file: true,
        ..Default::default()
    };
    client.publish_config("edge", &file, None).unwrap();

    assert_eq!(
        client.gateway("other").unwrap_err().status,
        404,
        "its existence is hidden"
    );
    assert_eq!(
        client
            .report_status("other", &report(1))
            .unwrap_err()
            .status,
        404
    );
    let plain = PublishRequest {
        from_file: false,
        content: "x".into(),
        ..Default::default()
    };
    assert_eq!(
        client
            .publish_config("edge", &plain, None)
            .unwrap_err()
            .status,
        403
    );
    assert_eq!(
        client
            .reload("edge", &content("x"), None)
            .unwrap_err()
            .status,
        403
    );
    assert_eq!(client.delete_gateway("edge", None).unwrap_err().status, 403);
    let error = client
        .list_gateways(&kt_control_api::ListQuery::default())
        .unwrap_err();
    assert_eq!(error.class, ErrorClass::Unauthorized);
    assert_eq!(client.who_am_i().unwrap().gateway, Some(own.id));
}

#[test]
fn the_scope_read_allows_no_changes() {
    let test_api = TestApi::new();
    test_api.edge();
    let reader = Principal {
        scope: Scope::Read,
        ..Principal::local_user(1)
    };
    let client = test_api.client_as(reader);
    client.gateway("edge").unwrap();
    client
        .list_gateways(&kt_control_api::ListQuery::default())
        .unwrap();
    assert_eq!(
        client
            .reload("edge", &content("x"), None)
            .unwrap_err()
            .status,
        403
    );
    assert_eq!(
        client.report_status("edge", &report(1)).unwrap_err().status,
        403
    );
    let anonymous = test_api.client_as(Principal::anonymous());
    assert_eq!(anonymous.gateway("edge").unwrap_err().status, 403);
    anonymous.service_version().unwrap();
}

#[test]
fn every_problem_type_has_a_page() {
    let test_api = TestApi::new();
    for code in ProblemCode::ALL {
        let kind = Problem::new(*code, "").kind;
        let response = test_api.send(&Request::new(Method::Get, &kind));
        assert_eq!(response.status, 200, "{kind}");
        assert_eq!(
            response.headers["content-type"],
            "text/plain; charset=utf-8"
        );
        let text = response.body.unwrap();
        assert!(text.starts_with(code.title()), "{text}");
        assert!(text.contains(&format!("Code {code}, HTTP status {}.", code.status())));
    }
    let other = Request::new(Method::Get, "/problems/unknown");
    assert_eq!(problem(&test_api, &other).code, ProblemCode::NotFound);
}

#[test]
fn metrics_are_not_available_in_process() {
    let test_api = TestApi::new();
    let scrape = Request::new(Method::Get, "/metrics");
    assert_eq!(problem(&test_api, &scrape).code, ProblemCode::NeedsServer);
}

use kt_control_api::{CreateGatewayRequest, Method, Request, Response};
use serde_json::{Value, json};

use crate::fixture::TestApi;

fn post(path: &str, body: &Value, key: &str) -> Request {
    Request::new(Method::Post, path)
        .with_json(body.to_string())
        .with_header("idempotency-key", key)
}

fn body(response: &Response) -> Value {
    serde_json::from_str(response.body.as_deref().unwrap()).unwrap()
}

#[test]
fn a_repeated_request_is_executed_once_and_returns_no_token() {
    let test_api = TestApi::new();
    let new = json!({"name": "edge", "content": "one", "issue_token": true});
    let create = post("/v1/gateways", &new, "k1");
    let first = test_api.send(&create);
    let second = test_api.send(&create);
    assert_eq!((first.status, second.status), (201, 201));
    assert_eq!(second.headers["idempotency-replayed"], "true");
    assert_eq!(body(&first)["gateway"], body(&second)["gateway"]);
    assert!(body(&first)["token"].is_string() && body(&second)["token"].is_null());
    assert_eq!(
        (
            test_api.count("gateways"),
            test_api.count("tokens"),
            test_api.count("audit")
        ),
        (1, 1, 1)
    );

    let reload = post("/v1/gateways/edge/actions/reload", &json!({}), "k2");
    test_api.send(&reload);
    assert_eq!(
        body(&test_api.send(&reload))["generation"],
        2,
        "executed once"
    );
}

#[test]
fn a_key_belongs_to_one_request_and_one_actor() {
    let test_api = TestApi::new();
    test_api.send(&post("/v1/gateways", &json!({"name": "a"}), "k1"));
    let other = test_api.send(&post("/v1/gateways", &json!({"name": "b"}), "k1"));
    assert_eq!(other.status, 422);
    assert_eq!(body(&other)["code"], "idempotency-key-reused");
    assert_eq!(test_api.count("gateways"), 1);
    let other_user = test_api.client_as(crate::api::Principal::local_user(1));
    let request = post("/v1/gateways", &json!({"name": "b"}), "k1");
    let response = kt_control_api::Transport::send(other_user.transport(), &request).unwrap();
    assert_eq!(response.status, 201);
}

#[test]
fn a_failed_request_can_be_repeated_with_its_key() {
    let test_api = TestApi::new();
    let reload = post(
        "/v1/gateways/edge/actions/reload",
        &json!({"content": "two"}),
        "k1",
    );
    assert_eq!(test_api.send(&reload).status, 404);
    let new = CreateGatewayRequest {
        name: "edge".to_owned(),
        ..CreateGatewayRequest::default()
    };
    test_api.client().create_gateway(&new).unwrap();
    assert_eq!(test_api.send(&reload).status, 201);
}

#[test]
fn a_key_expires_after_a_day() {
    let test_api = TestApi::new();
    test_api.edge();
    let reload = post("/v1/gateways/edge/actions/reload", &json!({}), "k1");
    test_api.send(&reload);
    test_api.advance(std::time::Duration::from_secs(24 * 3600));
    assert_eq!(body(&test_api.send(&reload))["generation"], 3);
    assert_eq!(test_api.count("idempotency WHERE key = 'k1'"), 1);
}

#[test]
fn an_invalid_key_is_rejected() {
    let test_api = TestApi::new();
    for key in ["", "a b", &"x".repeat(129)] {
        assert_eq!(
            test_api
                .send(&post("/v1/gateways", &json!({"name": "a"}), key))
                .status,
            400
        );
    }
}

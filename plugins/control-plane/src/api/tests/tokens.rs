use std::fs;
use std::time::Duration;

use kt_control_api::{
    CreateTokenRequest, ErrorClass, IssuedToken, Method, ProblemCode, Request, RotateTokenRequest,
    Token, TokenId, TokenQuery, TokenScope,
};

use crate::api::{Principal, Scope};
use crate::fixture::TestApi;

const DAY: Duration = Duration::from_secs(24 * 3600);

fn new(name: &str, scope: TokenScope) -> CreateTokenRequest {
    CreateTokenRequest {
        name: name.to_owned(),
        scope,
        ..CreateTokenRequest::default()
    }
}

/// Returns the holder of the token, if it is active.
fn accepted(test_api: &TestApi, token: &Token) -> Option<Principal> {
    let record = test_api.api.store().token(&token.hash()).unwrap().unwrap();
    Principal::from_token(record, test_api.api.now())
}

fn secret(issued: &IssuedToken) -> &Token {
    issued.token.as_ref().unwrap()
}

#[test]
fn a_token_is_returned_once_and_not_stored() {
    let test_api = TestApi::new();
    let issued = test_api
        .client()
        .create_token(&new("ci", TokenScope::Admin))
        .unwrap();
    let token = secret(&issued);
    assert_eq!(accepted(&test_api, token).unwrap().scope, Scope::Admin);
    assert_eq!(
        test_api.client().token(&issued.info.id).unwrap(),
        issued.info
    );
    assert_eq!(issued.info.hint, token.hint());
    let files = fs::read_dir(test_api.directory.path()).unwrap();
    for file in files.map(|entry| entry.unwrap().path()) {
        let bytes = fs::read(&file).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains(token.expose()), "{}", file.display());
    }
}

#[test]
fn a_token_has_the_requested_scope_and_lifetime() {
    let test_api = TestApi::new();
    let edge = test_api.edge();
    let request = CreateTokenRequest {
        gateway: Some("edge".to_owned()),
        expires_in_seconds: Some(60),
        ..new("edge", TokenScope::Gateway)
    };
    let issued = test_api.client().create_token(&request).unwrap();
    assert_eq!(issued.info.gateway.as_ref(), Some(&edge.id));
    assert!(secret(&issued).expose().starts_with("kt_gk_"));
    let caller = accepted(&test_api, secret(&issued)).unwrap();
    assert_eq!(caller.scope, Scope::Gateway(edge.id));
    test_api.advance(Duration::from_secs(59));
    assert!(accepted(&test_api, secret(&issued)).is_some());
    test_api.advance(Duration::from_secs(1));
    assert!(
        accepted(&test_api, secret(&issued)).is_none(),
        "it has expired"
    );
    assert!(!test_api.client().token(&issued.info.id).unwrap().active);

    let forever = test_api
        .client()
        .create_token(&new("r", TokenScope::Read))
        .unwrap();
    test_api.advance(DAY * 3650);
    assert!(accepted(&test_api, secret(&forever)).is_some());
}

#[test]
fn a_bootstrap_token_expires_after_an_hour_at_most() {
    let test_api = TestApi::new();
    let request = new("rack-7", TokenScope::Bootstrap);
    let issued = test_api.client().create_token(&request).unwrap();
    assert!(secret(&issued).expose().starts_with("kt_bt_"));
    let life = issued.info.expires_at.unwrap() - issued.info.created_at;
    assert_eq!(life.get_seconds(), 3600);
    let later = |seconds| CreateTokenRequest {
        expires_in_seconds: Some(seconds),
        ..request.clone()
    };
    assert!(test_api.client().create_token(&later(3600)).is_ok());
    let rejected = test_api.client().create_token(&later(3601)).unwrap_err();
    assert_eq!(rejected.code, Some(ProblemCode::ValidationFailed));
    let next = RotateTokenRequest {
        expires_in_seconds: Some(3601),
        ..RotateTokenRequest::default()
    };
    let rejected = test_api
        .client()
        .rotate_token(&issued.info.id, &next)
        .unwrap_err();
    assert_eq!(rejected.code, Some(ProblemCode::ValidationFailed));
}

#[test]
fn invalid_token_requests_are_rejected() {
    let test_api = TestApi::new();
    test_api.edge();
    let rejected = |new: &CreateTokenRequest| test_api.client().create_token(new).unwrap_err();
    for bad in [
        new("", TokenScope::Read),
        new("a b", TokenScope::Read),
        new("x", TokenScope::Gateway),
        new("x", TokenScope::Unknown),
        CreateTokenRequest {
            gateway: Some("edge".to_owned()),
            ..new("x", TokenScope::Admin)
        },
        CreateTokenRequest {
            expires_in_seconds: Some(0),
            ..new("x", TokenScope::Read)
        },
        CreateTokenRequest {
            expires_in_seconds: Some(u64::MAX),
            ..new("x", TokenScope::Read)
        },
    ] {
        assert_eq!(
            rejected(&bad).code,
            Some(ProblemCode::ValidationFailed),
            "{bad:?}"
        );
    }
    let absent = CreateTokenRequest {
        gateway: Some("absent".to_owned()),
        ..new("x", TokenScope::Gateway)
    };
    assert_eq!(rejected(&absent).class, ErrorClass::NotFound);
    let endless = RotateTokenRequest {
        grace_seconds: u64::MAX,
        ..RotateTokenRequest::default()
    };
    let token = test_api
        .client()
        .create_token(&new("x", TokenScope::Read))
        .unwrap();
    let error = test_api.client().rotate_token(&token.info.id, &endless);
    assert_eq!(error.unwrap_err().code, Some(ProblemCode::ValidationFailed));
    assert_eq!(test_api.count("tokens"), 1);
    let query = |key: &str, value: &str| {
        let request = Request::new(Method::Get, "/v1/tokens").with_query(key, value);
        test_api.send(&request).status
    };
    for (key, value) in [
        ("type", "x"),
        ("active", "2"),
        ("cursor", "x"),
        ("limit", "0"),
    ] {
        assert_eq!(query(key, value), 400, "{key}={value}");
    }
}

#[test]
fn a_revoked_token_stays_revoked_and_is_recorded_once() {
    let test_api = TestApi::new();
    let issued = test_api
        .client()
        .create_token(&new("r", TokenScope::Read))
        .unwrap();
    let id = &issued.info.id;
    let revoked = test_api.client().revoke_token(id).unwrap();
    assert!(!revoked.active && revoked.revoked_at.is_some());
    assert!(accepted(&test_api, secret(&issued)).is_none());
    test_api.advance(DAY);
    assert_eq!(test_api.client().revoke_token(id).unwrap(), revoked);
    assert_eq!(test_api.count("audit"), 2, "created and revoked");
    let absent = test_api.client().revoke_token(&TokenId::random());
    assert_eq!(absent.unwrap_err().class, ErrorClass::NotFound);
    let late = test_api
        .client()
        .rotate_token(id, &RotateTokenRequest::default());
    assert_eq!(late.unwrap_err().code, Some(ProblemCode::TokenInactive));
}

#[test]
fn a_rotation_creates_a_token_of_the_same_scope_and_keeps_the_old_one_for_the_grace() {
    let test_api = TestApi::new();
    let request = CreateTokenRequest {
        expires_in_seconds: Some(30 * 24 * 3600),
        ..new("r", TokenScope::Read)
    };
    let old = test_api.client().create_token(&request).unwrap();
    test_api.advance(DAY * 10);
    let graceful = RotateTokenRequest {
        grace_seconds: 3600,
        ..RotateTokenRequest::default()
    };
    let next = test_api
        .client()
        .rotate_token(&old.info.id, &graceful)
        .unwrap();
    assert_eq!((&*next.info.name, next.info.scope), ("r", TokenScope::Read));
    let life = next
        .info
        .expires_at
        .unwrap()
        .duration_since(test_api.api.now());
    assert_eq!(
        life.as_secs(),
        30 * 24 * 3600,
        "the lifetime of the old token"
    );
    assert!(accepted(&test_api, secret(&old)).is_some());
    test_api.advance(Duration::from_secs(3600));
    assert!(
        accepted(&test_api, secret(&old)).is_none(),
        "the grace period is over"
    );
    assert!(accepted(&test_api, secret(&next)).is_some());

    let last = test_api
        .client()
        .rotate_token(&next.info.id, &RotateTokenRequest::default())
        .unwrap();
    assert!(
        accepted(&test_api, secret(&next)).is_none(),
        "without a grace period, at once"
    );
    assert!(accepted(&test_api, secret(&last)).is_some());
}

#[test]
fn a_grace_period_does_not_extend_the_lifetime() {
    let test_api = TestApi::new();
    let request = CreateTokenRequest {
        expires_in_seconds: Some(60),
        ..new("r", TokenScope::Read)
    };
    let old = test_api.client().create_token(&request).unwrap();
    let graceful = RotateTokenRequest {
        grace_seconds: 3600,
        ..RotateTokenRequest::default()
    };
    test_api
        .client()
        .rotate_token(&old.info.id, &graceful)
        .unwrap();
    test_api.advance(Duration::from_secs(60));
    assert!(accepted(&test_api, secret(&old)).is_none());
}

#[test]
fn tokens_are_listed_newest_first_in_pages() {
    let test_api = TestApi::new();
    test_api.edge();
    let mut created = Vec::new();
    for n in 0..5 {
        let issued = test_api
            .client()
            .create_token(&new(&format!("t{n}"), TokenScope::Read));
        created.insert(0, issued.unwrap().info);
        // Some have the same time, and still need an order.
        test_api.advance(Duration::from_secs(n % 2));
    }
    let mut query = TokenQuery {
        limit: Some(2),
        ..TokenQuery::default()
    };
    let mut seen = Vec::new();
    loop {
        let page = test_api.client().tokens(&query).unwrap();
        seen.extend(page.items);
        query.cursor = page.next_cursor;
        if query.cursor.is_none() {
            break;
        }
    }
    let by_time = |list: &[kt_control_api::TokenInfo]| {
        let mut keys: Vec<_> = list.iter().map(|t| (t.created_at, t.id.clone())).collect();
        keys.sort();
        keys.reverse();
        keys
    };
    let keys: Vec<_> = seen.iter().map(|t| (t.created_at, t.id.clone())).collect();
    assert_eq!(keys, by_time(&created));

    test_api.client().revoke_token(&created[0].id).unwrap();
    let count = |active, gateway: Option<&str>| {
        let query = TokenQuery {
            active,
            gateway: gateway.map(str::to_owned),
            ..TokenQuery::default()
        };
        test_api.client().tokens(&query).unwrap().items.len()
    };
    assert_eq!(count(None, None), 5);
    assert_eq!(count(Some(true), None), 4);
    assert_eq!(count(Some(false), None), 1);
    assert_eq!(count(None, Some("edge")), 0);
}

#[test]
fn a_repeated_request_creates_one_token_and_returns_it_once() {
    let test_api = TestApi::new();
    let create = Request::new(Method::Post, "/v1/tokens")
        .with_json(r#"{"name": "r", "scope": "read"}"#.to_owned())
        .with_header("idempotency-key", "k1");
    let read = |body: Option<String>| -> IssuedToken {
        serde_json::from_str(body.as_deref().unwrap()).unwrap()
    };
    let first = read(test_api.send(&create).body);
    let again = test_api.send(&create);
    assert_eq!(again.headers["idempotency-replayed"], "true");
    let again = read(again.body);
    assert_eq!(again.info, first.info);
    assert!(first.token.is_some() && again.token.is_none());
    assert_eq!((test_api.count("tokens"), test_api.count("audit")), (1, 1));
}

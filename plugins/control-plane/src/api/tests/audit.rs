use std::time::Duration;

use kt_control_api::{
    AuditEntry, AuditQuery, CreateTokenRequest, Method, ProblemCode, Request, TokenScope,
};

use crate::api::Reply;
use crate::fixture::{TestApi, content};

fn actions(rows: &[AuditEntry]) -> Vec<&str> {
    rows.iter().map(|row| row.action.as_str()).collect()
}

#[test]
fn every_change_is_audited_and_listed_newest_first_in_pages() {
    let test_api = TestApi::new();
    let client = test_api.client();
    let edge = test_api.edge();
    client.reload("edge", &content("two"), None).unwrap();
    let reader = CreateTokenRequest {
        name: "r".to_owned(),
        scope: TokenScope::Read,
        ..CreateTokenRequest::default()
    };
    let token = client.create_token(&reader).unwrap();
    client.revoke_token(&token.info.id).unwrap();
    client.delete_gateway("edge", None).unwrap();
    let mut query = AuditQuery {
        limit: Some(2),
        ..AuditQuery::default()
    };
    let mut rows = Vec::new();
    loop {
        let page = client.audit(&query).unwrap();
        rows.extend(page.items);
        query.cursor = page.next_cursor;
        if query.cursor.is_none() {
            break;
        }
    }
    assert_eq!(
        actions(&rows),
        [
            "gateway.delete",
            "token.revoke",
            "token.create",
            "config.publish",
            "gateway.create"
        ]
    );
    assert!(
        rows.iter()
            .all(|row| row.actor == "uid:0" && row.hash.is_some())
    );
    assert_eq!(rows[0].target, edge.id.as_str());
    assert_eq!(rows[1].target, token.info.id.as_str());
    let text = serde_json::to_string(&rows).unwrap();
    assert!(
        !text.contains(token.token.unwrap().expose()),
        "the row contains no token"
    );
}

#[test]
fn the_audit_log_is_filtered_by_target_actor_and_time() {
    let test_api = TestApi::new();
    let edge = test_api.edge();
    test_api.advance(Duration::from_secs(3600));
    let later = test_api.api.now();
    test_api
        .client()
        .reload("edge", &content("two"), None)
        .unwrap();
    let other_user = test_api.client_as(crate::api::Principal::local_user(7));
    let other = kt_control_api::CreateGatewayRequest {
        name: "other".to_owned(),
        ..Default::default()
    };
    other_user.create_gateway(&other).unwrap();
    let list = |query: AuditQuery| test_api.client().audit(&query).unwrap().items;
    let of_edge = list(AuditQuery {
        target: Some(edge.id.to_string()),
        ..AuditQuery::default()
    });
    assert_eq!(actions(&of_edge), ["config.publish", "gateway.create"]);
    let by_other = list(AuditQuery {
        actor: Some("uid:7".to_owned()),
        ..AuditQuery::default()
    });
    assert_eq!(actions(&by_other), ["gateway.create"]);
    let since = list(AuditQuery {
        since: Some(later),
        ..AuditQuery::default()
    });
    assert_eq!(actions(&since), ["gateway.create", "config.publish"]);
    let until = list(AuditQuery {
        until: Some(later),
        ..AuditQuery::default()
    });
    assert_eq!(actions(&until), ["gateway.create"]);
    let published = list(AuditQuery {
        action: Some("config.publish".to_owned()),
        ..AuditQuery::default()
    });
    assert_eq!(actions(&published), ["config.publish"]);
    let oldest = AuditQuery {
        oldest_first: true,
        limit: Some(2),
        ..AuditQuery::default()
    };
    let page = test_api.client().audit(&oldest).unwrap();
    assert_eq!(actions(&page.items), ["gateway.create", "config.publish"]);
    let rest = list(AuditQuery {
        cursor: page.next_cursor,
        ..oldest
    });
    assert_eq!(actions(&rest), ["gateway.create"]);
}

#[test]
fn an_invalid_query_is_rejected() {
    let test_api = TestApi::new();
    for (key, value) in [
        ("since", "yesterday"),
        ("cursor", "x"),
        ("cursor", "-1"),
        ("limit", "201"),
        ("until", "tomorrow"),
        ("order", "up"),
        ("targt", "x"),
    ] {
        let request = Request::new(Method::Get, "/v1/audit").with_query(key, value);
        let response = test_api.send(&request);
        assert_eq!(response.status, 400, "{key}={value}");
        let body = response.body.unwrap();
        assert!(
            body.contains(ProblemCode::MalformedRequest.as_str()),
            "{body}"
        );
    }
}

#[test]
fn a_cursor_after_the_last_row_returns_an_empty_page() {
    let test_api = TestApi::new();
    test_api.edge();
    for path in ["/v1/audit", "/v1/gateways/edge/config-versions"] {
        for cursor in [u64::from(u32::MAX) + 1, u64::MAX] {
            let request = Request::new(Method::Get, path).with_query("cursor", cursor);
            let response = test_api.send(&request);
            assert_eq!(response.status, 200, "{path} {cursor}");
            let body = response.body.unwrap();
            assert!(body.contains("\"items\":[{"), "{body}");
        }
    }
}

#[test]
fn an_export_does_not_include_rows_added_after_its_start() {
    let test_api = TestApi::new();
    test_api.edge();
    let request = Request::new(Method::Get, "/v1/audit/export");
    let caller = crate::api::Principal::local_user(0);
    let Reply::AuditExport(mut rows) = test_api.api.handle(&request, &caller) else {
        panic!("not an export");
    };
    test_api
        .client()
        .reload("edge", &content("two"), None)
        .unwrap();
    let first = test_api.api.next_audit_rows(&mut rows).unwrap().unwrap();
    assert_eq!(first.lines().count(), 1);
    assert_eq!(test_api.api.next_audit_rows(&mut rows).unwrap(), None);
}

use std::collections::BTreeMap;

use kt_control_api::{
    CreateGatewayRequest, ErrorClass, Etag, GatewayPatch, ListQuery, Method, ProblemCode, Request,
    SyncState, TokenKind, VersionOrigin,
};

use crate::api::{Principal, Scope};
use crate::fixture::{TestApi, report};

fn named(name: &str) -> CreateGatewayRequest {
    CreateGatewayRequest {
        name: name.to_owned(),
        ..CreateGatewayRequest::default()
    }
}

#[test]
fn a_gateway_is_created_with_its_first_version_and_its_token() {
    let test_api = TestApi::new();
    let new = CreateGatewayRequest {
        content: Some("one # first\n".to_owned()),
        source: Some("a.yaml".to_owned()),
        issue_token: true,
        ..named("edge")
    };
    let created = test_api.client().create_gateway(&new).unwrap();
    let gateway = created.gateway;
    assert_eq!(
        (gateway.rev, gateway.generation, gateway.last_version),
        (1, 1, 1)
    );
    assert_eq!(gateway.state, SyncState::Offline);
    let version = created.version.unwrap();
    assert_eq!(
        (version.version, version.origin),
        (1, VersionOrigin::Create)
    );
    assert_eq!(
        (version.author.as_str(), version.source.as_deref()),
        ("uid:0", Some("a.yaml"))
    );
    assert_eq!(gateway.desired.unwrap().sha256, version.sha256);
    assert_eq!(
        test_api.client().config_content("edge", 1).unwrap(),
        "one # first\n"
    );

    let token = created.token.unwrap();
    assert_eq!(token.kind(), TokenKind::Gateway);
    let record = test_api.api.store().token(&token.hash()).unwrap().unwrap();
    let holder = Principal::from_token(record, test_api.api.now()).unwrap();
    assert_eq!(holder.scope, Scope::Gateway(gateway.id));
    let file = std::fs::read(test_api.directory.path().join("control-plane.db")).unwrap();
    let log = std::fs::read(test_api.directory.path().join("control-plane.db-wal")).unwrap();
    let secret = &token.expose().as_bytes()[9..];
    assert!(
        ![file, log]
            .concat()
            .windows(secret.len())
            .any(|window| window == secret)
    );
}

#[test]
fn a_name_conflict_returns_the_existing_id_and_changes_nothing() {
    let test_api = TestApi::new();
    let first = test_api.edge();
    let error = test_api
        .client()
        .create_gateway(&named("edge"))
        .unwrap_err();
    assert_eq!(
        (error.class, error.code),
        (ErrorClass::Conflict, Some(ProblemCode::NameTaken))
    );
    assert_eq!(error.existing_id, Some(first.id));
    assert_eq!(
        (test_api.count("gateways"), test_api.count("audit")),
        (1, 1)
    );
}

#[test]
fn an_invalid_configuration_registers_nothing_and_reports_its_position() {
    let test_api = TestApi::new();
    let new = CreateGatewayRequest {
        content: Some("fine\nbad\n".to_owned()),
        source: Some("my.yaml".to_owned()),
        ..named("edge")
    };
    let error = test_api.client().create_gateway(&new).unwrap_err();
    assert_eq!((error.class, error.status), (ErrorClass::Usage, 422));
    let item = &error.errors[0];
    assert_eq!(
        (item.file.as_deref(), item.line),
        (Some("my.yaml"), Some(2))
    );
    assert_eq!(
        (test_api.count("gateways"), test_api.count("blobs")),
        (0, 0)
    );
}

#[test]
fn all_invalid_fields_are_reported_together() {
    let test_api = TestApi::new();
    let new = CreateGatewayRequest {
        description: "\u{7}".to_owned(),
        labels: BTreeMap::from([("a b".to_owned(), String::new())]),
        ..named("no spaces")
    };
    let error = test_api.client().create_gateway(&new).unwrap_err();
    let pointers: Vec<_> = error
        .errors
        .iter()
        .filter_map(|e| e.pointer.as_deref())
        .collect();
    assert_eq!(pointers, ["/name", "/description", "/labels"]);
}

#[test]
fn a_gateway_is_found_by_id_and_name_until_it_is_deleted() {
    let test_api = TestApi::new();
    let gateway = test_api.edge();
    let client = test_api.client();
    assert_eq!(
        client.gateway("edge").unwrap(),
        client.gateway(gateway.id.as_str()).unwrap()
    );
    client.delete_gateway("edge", Some(gateway.etag())).unwrap();
    let by_name = client.gateway("edge").unwrap_err();
    assert_eq!(
        (by_name.class, by_name.code),
        (ErrorClass::NotFound, Some(ProblemCode::NotFound))
    );
    let by_id = client.gateway(gateway.id.as_str()).unwrap_err();
    assert_eq!(
        (by_id.class, by_id.code),
        (ErrorClass::NotFound, Some(ProblemCode::Gone))
    );
    assert_ne!(test_api.edge().id, gateway.id, "the name can be used again");
    assert_eq!(test_api.count("config_versions"), 2, "the history stays");
}

#[test]
fn deleting_a_gateway_deletes_its_token() {
    let test_api = TestApi::new();
    let new = CreateGatewayRequest {
        issue_token: true,
        ..named("edge")
    };
    let token = test_api
        .client()
        .create_gateway(&new)
        .unwrap()
        .token
        .unwrap();
    test_api.client().delete_gateway("edge", None).unwrap();
    let record = test_api.api.store().token(&token.hash()).unwrap().unwrap();
    assert_eq!(Principal::from_token(record, test_api.api.now()), None);
}

#[test]
fn a_patch_changes_only_its_fields_and_reports_do_not_change_the_revision() {
    let test_api = TestApi::new();
    let client = test_api.client();
    test_api.edge();
    let labels = BTreeMap::from([("env".to_owned(), Some("prod".to_owned()))]);
    let patch = GatewayPatch {
        labels: Some(labels),
        ..GatewayPatch::default()
    };
    let patched = client.update_gateway("edge", &patch, None).unwrap();
    assert_eq!((patched.labels["env"].as_str(), patched.rev), ("prod", 2));
    assert_eq!(
        client.update_gateway("edge", &patch, None).unwrap().rev,
        2,
        "nothing changed"
    );
    client.report_status("edge", &report(1)).unwrap();
    assert_eq!(client.gateway("edge").unwrap().rev, 2);
    let labels = BTreeMap::from([("env".to_owned(), None)]);
    let patch = GatewayPatch {
        name: Some("rim".into()),
        labels: Some(labels),
        ..Default::default()
    };
    let patched = client
        .update_gateway("edge", &patch, Some(Etag(2)))
        .unwrap();
    assert_eq!((patched.name.as_str(), patched.labels.len()), ("rim", 0));
}

#[test]
fn lists_are_paged_by_name_and_filtered() {
    let test_api = TestApi::new();
    let client = test_api.client();
    for name in ["c", "a", "b", "ba"] {
        let labels = BTreeMap::from([("first".to_owned(), name[..1].to_owned())]);
        client
            .create_gateway(&CreateGatewayRequest {
                labels,
                ..named(name)
            })
            .unwrap();
    }
    let names = |query: &ListQuery| {
        let page = client.list_gateways(query).unwrap();
        let names: Vec<_> = page.items.into_iter().map(|gateway| gateway.name).collect();
        (names.join(" "), page.next_cursor)
    };
    let mut query = ListQuery {
        limit: Some(3),
        ..ListQuery::default()
    };
    let (first, cursor) = names(&query);
    assert_eq!(first, "a b ba");
    query.cursor = cursor;
    assert_eq!(names(&query), ("c".to_owned(), None));
    let prefixed = ListQuery {
        name_prefix: Some("b".to_owned()),
        ..ListQuery::default()
    };
    assert_eq!(names(&prefixed).0, "b ba");
    let labels = BTreeMap::from([("first".to_owned(), "b".to_owned())]);
    assert_eq!(
        names(&ListQuery {
            labels,
            ..ListQuery::default()
        })
        .0,
        "b ba"
    );
    client.report_status("b", &report(1)).unwrap();
    let offline = ListQuery {
        state: Some(SyncState::Offline),
        ..ListQuery::default()
    };
    assert_eq!(names(&offline).0, "a ba c");
}

#[test]
fn content_with_a_matching_etag_is_not_sent_again() {
    let test_api = TestApi::new();
    test_api.edge();
    let path = "/v1/gateways/edge/config-versions/1/content";
    let ask = |tags: &str| {
        let mut request = Request::new(Method::Get, path);
        request
            .headers
            .insert("if-none-match".to_owned(), tags.to_owned());
        test_api.send(&request)
    };
    let whole = ask("\"other\"");
    assert_eq!((whole.status, whole.body.as_deref()), (200, Some("one\n")));
    let etag = &whole.headers["etag"];
    for tags in ["*", etag, &format!("\"other\", W/{etag}")] {
        let none = ask(tags);
        assert_eq!((none.status, none.body), (304, None), "{tags}");
        assert_eq!(none.headers["etag"], *etag);
    }
}

#[test]
fn contents_with_the_same_meaning_have_different_etags() {
    let test_api = TestApi::new();
    let tag = |name: &str, content: &str| {
        let new = CreateGatewayRequest {
            name: name.to_owned(),
            content: Some(content.to_owned()),
            ..CreateGatewayRequest::default()
        };
        let gateway = test_api.client().create_gateway(&new).unwrap().gateway;
        let path = format!("/v1/gateways/{name}/config-versions/1/content");
        let sent = test_api.send(&Request::new(Method::Get, path));
        (
            gateway.desired.unwrap().sha256,
            sent.headers["etag"].clone(),
        )
    };
    let (one, other) = (tag("a", "one # a\n"), tag("b", "one # b\n"));
    assert_eq!(one.0, other.0);
    assert_ne!(one.1, other.1, "their bytes differ");
}

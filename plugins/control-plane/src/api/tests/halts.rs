use std::time::Duration;

use kt_control_api::{
    CreateGatewayRequest, DesiredQuery, ErrorClass, Etag, GatewayId, HaltGatewaysRequest,
    HaltRequest, InstanceHalt, MAX_HALTED_GATEWAYS, Method, PollOutcome, ProblemCode, Request,
    StatusReport, UnhaltGatewaysRequest, UnhaltRequest,
};

use crate::api::{Principal, Reply, Scope, WakeTarget};
use crate::fixture::{TestApi, rejecting, report};

fn because(reason: &str) -> HaltRequest {
    HaltRequest {
        reason: reason.to_owned(),
        for_seconds: None,
    }
}

fn query(index: u64, halt_generation: Option<u64>) -> DesiredQuery {
    DesiredQuery {
        index,
        wait: 1,
        instance: Some(report(0).instance_id),
        halt_generation,
        ..DesiredQuery::default()
    }
}

#[test]
fn a_halt_ends_the_wait_of_those_who_act_on_halts() {
    let test_api = TestApi::new();
    let client = test_api.client();
    let before = test_api.edge();
    let halted = client.halt("edge", &because("leak"), None).unwrap();
    assert_eq!(halted.rev, before.rev + 1);
    assert_eq!(halted.halt.as_ref().unwrap().reason, "leak");
    let PollOutcome::Changed(response) = client.desired("edge", &query(1, Some(0))).unwrap() else {
        panic!("the wait did not end");
    };
    assert_eq!((response.index, response.halt_generation), (1, Some(1)));
    assert_eq!(response.halt, halted.halt);
    let desired = |halt| client.desired("edge", &query(1, halt)).unwrap();
    assert_eq!(desired(Some(1)), PollOutcome::Unchanged);
    assert_eq!(desired(None), PollOutcome::Unchanged, "an older instance");
    // Also those who have rejected the desired version, which is not sent to them again.
    let rejected = rejecting(report(1), &halted);
    client.report_status("edge", &rejected).unwrap();
    let unhalted = client.unhalt("edge", &UnhaltRequest::default(), None);
    assert_eq!(unhalted.unwrap().halt, None);
    assert_eq!(
        client.desired("edge", &query(0, Some(2))).unwrap(),
        PollOutcome::Unchanged
    );
    let PollOutcome::Changed(response) = client.desired("edge", &query(0, Some(1))).unwrap() else {
        panic!("the wait did not end");
    };
    assert_eq!((response.halt, response.halt_generation), (None, Some(2)));
}

#[test]
fn several_gateways_are_halted_with_one_request() {
    let test_api = TestApi::new();
    let client = test_api.client();
    let ids = ["a", "b"].map(|name| {
        let new = CreateGatewayRequest {
            name: name.to_owned(),
            ..CreateGatewayRequest::default()
        };
        client.create_gateway(&new).unwrap().gateway.id
    });
    let request = |gateways| HaltGatewaysRequest {
        gateways,
        reason: "leak".to_owned(),
        for_seconds: Some(60),
    };
    let mut some = ids.to_vec();
    some.push(GatewayId::random());
    let halted = client.halt_gateways(&request(some)).unwrap().gateways;
    assert_eq!(
        halted.iter().map(|one| &one.id).collect::<Vec<_>>(),
        ids.iter().collect::<Vec<_>>()
    );
    for id in &ids {
        assert_eq!(client.gateway(id.as_str()).unwrap().halt, halted[0].halt);
    }
    // Those who wait for one of them are woken.
    let json = serde_json::json!({"gateways": ids}).to_string();
    let unhalt = Request::new(Method::Post, "/v1/actions/unhalt").with_json(json);
    match test_api.api.handle(&unhalt, &Principal::local_user(0)) {
        Reply::Complete(reply) => assert_eq!(reply.wake, WakeTarget::Gateways(ids.to_vec())),
        other => panic!("{other:?}"),
    }
    assert_eq!(client.gateway("a").unwrap().halt, None);
    for number in [0, MAX_HALTED_GATEWAYS + 1] {
        let gateways = vec![ids[0].clone(); number];
        let error = client
            .halt_gateways(&request(gateways.clone()))
            .unwrap_err();
        assert_eq!(error.code, Some(ProblemCode::ValidationFailed));
        let unhalt = UnhaltGatewaysRequest {
            gateways,
            reason: None,
        };
        client.unhalt_gateways(&unhalt).unwrap_err();
    }
    let nameless = HaltGatewaysRequest {
        reason: String::new(),
        ..request(ids.to_vec())
    };
    client.halt_gateways(&nameless).unwrap_err();
    let reader = test_api.client_as(Principal {
        scope: Scope::Read,
        ..Principal::local_user(0)
    });
    let error = reader.halt_gateways(&request(ids.to_vec())).unwrap_err();
    assert_eq!(error.code, Some(ProblemCode::InsufficientScope));
}

#[test]
fn a_halt_ends_by_itself_and_is_shown_until_then() {
    let test_api = TestApi::new();
    let client = test_api.client();
    test_api.edge();
    let drill = HaltRequest {
        for_seconds: Some(60),
        ..because("drill")
    };
    let halted = client.halt("edge", &drill, None).unwrap().halt.unwrap();
    assert_eq!(
        halted.until,
        Some(halted.since + Duration::from_secs(60)),
        "by the clock of the control plane"
    );
    let list = |state: &str| {
        let request = Request::new(Method::Get, "/v1/gateways").with_query("state", state);
        let body = test_api.send(&request).body.unwrap();
        let page: serde_json::Value = serde_json::from_str(&body).unwrap();
        page["items"].as_array().unwrap().len()
    };
    assert_eq!((list("halted"), list("offline")), (1, 1));
    test_api.advance(Duration::from_secs(60));
    assert_eq!(client.gateway("edge").unwrap().halt, None);
    assert_eq!((list("halted"), list("offline")), (0, 1));
}

#[test]
fn what_instances_do_about_a_halt_is_shown() {
    let test_api = TestApi::new();
    let client = test_api.client();
    test_api.edge();
    client.halt("edge", &because("leak"), None).unwrap();
    let mut refusing = report(1);
    refusing.halt = Some(InstanceHalt {
        generation: 1,
        halted: true,
    });
    client.report_status("edge", &refusing).unwrap();
    let too_large = InstanceHalt {
        generation: u64::MAX,
        halted: true,
    };
    let invalid = StatusReport {
        halt: Some(too_large),
        ..report(2)
    };
    let refused = client.report_status("edge", &invalid).unwrap_err();
    assert_eq!(refused.code, Some(ProblemCode::ValidationFailed));
    let instances = client.gateway("edge").unwrap().instances;
    assert_eq!(instances[0].halt, refusing.halt);
}

#[test]
fn a_halt_needs_a_reason_the_revision_and_the_scope() {
    let test_api = TestApi::new();
    let client = test_api.client();
    let gateway = test_api.edge();
    let long = "x".repeat(1025);
    for reason in ["", &long, "\u{1b}[31m"] {
        let refused = client.halt("edge", &because(reason), None).unwrap_err();
        assert_eq!(refused.code, Some(ProblemCode::ValidationFailed));
    }
    for seconds in [0, 365 * 24 * 3600 + 1, u64::MAX] {
        let request = HaltRequest {
            for_seconds: Some(seconds),
            ..because("drill")
        };
        let refused = client.halt("edge", &request, None).unwrap_err();
        assert_eq!(refused.code, Some(ProblemCode::ValidationFailed));
    }
    let stale = client.halt("edge", &because("leak"), Some(Etag(gateway.rev + 1)));
    assert_eq!(stale.unwrap_err().class, ErrorClass::Conflict);
    for scope in [Scope::Read, Scope::Gateway(gateway.id.clone())] {
        let caller = Principal {
            scope,
            ..Principal::anonymous()
        };
        let refused = test_api
            .client_as(caller)
            .halt("edge", &because("leak"), None);
        let code = refused.unwrap_err().code;
        assert_eq!(code, Some(ProblemCode::InsufficientScope));
    }
    assert_eq!(client.gateway("edge").unwrap().halt, None);
}

use std::time::Duration;

use kt_control_api::{
    Client, DesiredQuery, DesiredResponse, ErrorClass, InstanceId, ListQuery, Method, PollOutcome,
    ReconcileRequest, ReloadRequest, Request, RevertRequest, RolloutOutcome, StatusReport,
    SyncState,
};

use crate::api::{Principal, Reply, WakeTarget};
use crate::fixture::{DirectTransport, TestApi, content, rejecting, report, serving};

fn poll(client: &Client<DirectTransport>, query: &DesiredQuery) -> Option<DesiredResponse> {
    match client.desired("edge", query).unwrap() {
        PollOutcome::Changed(response) => Some(*response),
        PollOutcome::Unchanged | PollOutcome::RetryAfter(_) => None,
    }
}

fn after(response: &DesiredResponse) -> DesiredQuery {
    DesiredQuery {
        epoch: Some(response.epoch.clone()),
        index: response.index,
        wait: 1,
        instance: Some(report(0).instance_id),
        halt_generation: response.halt_generation,
    }
}

#[test]
fn only_changes_that_concern_a_gateway_end_its_long_poll() {
    let test_api = TestApi::new();
    let client = test_api.client();
    test_api.edge();
    let first = poll(&client, &DesiredQuery::default()).unwrap();
    assert_eq!((first.index, first.reset), (1, false));
    let query = after(&first);
    assert_eq!(poll(&client, &query), None);
    client.report_status("edge", &report(1)).unwrap();
    let patch = kt_control_api::GatewayPatch {
        description: Some("x".into()),
        ..Default::default()
    };
    client.update_gateway("edge", &patch, None).unwrap();
    assert_eq!(
        poll(&client, &query),
        None,
        "reports and labels do not count"
    );

    client.reload("edge", &content("two"), None).unwrap();
    let second = poll(&client, &query).unwrap();
    assert_eq!(
        (second.index, second.desired.as_ref().unwrap().version),
        (2, 2)
    );
    client
        .reload("edge", &ReloadRequest::default(), None)
        .unwrap();
    let third = poll(&client, &after(&second)).unwrap();
    assert_eq!(
        (third.reload_generation, third.reconcile_generation),
        (3, 0)
    );
    client
        .report_status(
            "edge",
            &rejecting(report(2), &client.gateway("edge").unwrap()),
        )
        .unwrap();
    client
        .reconcile("edge", &ReconcileRequest::default(), None)
        .unwrap();
    let fourth = poll(&client, &after(&third)).unwrap();
    assert_eq!(
        (fourth.reload_generation, fourth.reconcile_generation),
        (3, 4)
    );
}

#[test]
fn another_epoch_resets_the_position() {
    let test_api = TestApi::new();
    let client = test_api.client();
    test_api.edge();
    let known = poll(&client, &DesiredQuery::default()).unwrap();
    let ahead = DesiredQuery {
        index: 99,
        ..after(&known)
    };
    assert!(poll(&client, &ahead).unwrap().reset);
    let elsewhere = DesiredQuery {
        epoch: Some("other".to_owned()),
        ..after(&known)
    };
    assert!(poll(&client, &elsewhere).unwrap().reset);
}

#[test]
fn a_rejected_version_is_sent_again_only_after_a_change_or_a_reload() {
    let test_api = TestApi::new();
    let client = test_api.client();
    let gateway = test_api.edge();
    client
        .report_status("edge", &rejecting(report(1), &gateway))
        .unwrap();
    let from_start = DesiredQuery {
        instance: Some(report(0).instance_id),
        wait: 1,
        ..Default::default()
    };
    assert_eq!(poll(&client, &from_start), None, "not sent again");
    let other = DesiredQuery::default();
    assert!(poll(&client, &other).is_some(), "another process may try");

    client
        .reconcile("edge", &ReconcileRequest::default(), None)
        .unwrap();
    assert!(poll(&client, &from_start).is_some(), "after a reconcile");
    let gateway = client.gateway("edge").unwrap();
    client
        .report_status("edge", &rejecting(report(2), &gateway))
        .unwrap();
    assert_eq!(
        poll(&client, &from_start),
        None,
        "rejected again, and not sent again"
    );
    client.reload("edge", &content("two"), None).unwrap();
    assert!(poll(&client, &from_start).is_some(), "desired moved");
}

#[test]
fn a_deleted_gateway_gets_gone() {
    let test_api = TestApi::new();
    let client = test_api.client();
    let id = test_api.edge().id;
    client.delete_gateway("edge", None).unwrap();
    let error = client
        .desired(id.as_str(), &DesiredQuery::default())
        .unwrap_err();
    assert_eq!((error.class, error.status), (ErrorClass::NotFound, 410));
    assert_eq!(
        client
            .report_status(id.as_str(), &report(1))
            .unwrap_err()
            .status,
        410
    );
}

#[test]
fn an_instance_is_live_until_its_lease_expires() {
    let test_api = TestApi::new();
    let client = test_api.client();
    let gateway = test_api.edge();
    let response = client.report_status("edge", &serving(1, &gateway)).unwrap();
    assert_eq!((response.index, response.next_status_seconds), (1, 10));
    test_api.advance(Duration::from_secs(29));
    assert_eq!(client.gateway("edge").unwrap().state, SyncState::InSync);
    test_api.advance(Duration::from_secs(1));
    let gateway = client.gateway("edge").unwrap();
    assert_eq!(gateway.state, SyncState::Offline);
    assert!(!gateway.instances[0].live);
    client.report_status("edge", &serving(2, &gateway)).unwrap();
    assert_eq!(client.gateway("edge").unwrap().state, SyncState::InSync);
    let last = StatusReport {
        stopping: true,
        ..serving(3, &gateway)
    };
    client.report_status("edge", &last).unwrap();
    assert_eq!(
        client.gateway("edge").unwrap().state,
        SyncState::Offline,
        "it reported that it stops"
    );
}

#[cfg(target_os = "linux")]
#[test]
fn a_killed_local_process_is_detected_before_its_lease_expires() {
    let test_api = TestApi::new();
    let client = test_api.client();
    let gateway = test_api.edge();
    let alive = StatusReport {
        process: kt_control_api::ProcessIdentity::current(),
        ..serving(1, &gateway)
    };
    client.report_status("edge", &alive).unwrap();
    assert_eq!(client.gateway("edge").unwrap().state, SyncState::InSync);
    let mut gone = StatusReport { seq: 2, ..alive };
    gone.process.start_ticks = gone.process.start_ticks.map(|ticks| ticks + 1);
    client.report_status("edge", &gone).unwrap();
    assert_eq!(client.gateway("edge").unwrap().state, SyncState::Offline);
}

#[test]
fn a_late_report_is_ignored() {
    let test_api = TestApi::new();
    let client = test_api.client();
    let gateway = test_api.edge();
    client.report_status("edge", &serving(7, &gateway)).unwrap();
    for seq in [7, 3] {
        assert!(client.report_status("edge", &report(seq)).unwrap().ignored);
    }
    assert_eq!(client.gateway("edge").unwrap().state, SyncState::InSync);
    assert_eq!(test_api.count("apply_history"), 1);
}

#[test]
fn a_rejection_has_its_position_and_is_cleared_by_the_next_success() {
    let test_api = TestApi::new();
    let client = test_api.client();
    let good = serving(1, &test_api.edge());
    client.report_status("edge", &good).unwrap();
    let gateway = client
        .reload("edge", &content("two"), None)
        .unwrap()
        .gateway;
    let refusal = StatusReport {
        seq: 2,
        ..rejecting(good, &gateway)
    };
    client.report_status("edge", &refusal).unwrap();
    let shown = client.gateway("edge").unwrap();
    assert_eq!(shown.state, SyncState::Rejected);
    let rejection = shown.instances[0].rejection.as_ref().unwrap();
    assert_eq!((rejection.version, rejection.line), (Some(2), Some(3)));
    let revert = RevertRequest {
        version: 1,
        reason: None,
    };
    let gateway = client.revert("edge", &revert, None).unwrap().gateway;
    client.report_status("edge", &serving(3, &gateway)).unwrap();
    assert_eq!(client.gateway("edge").unwrap().state, SyncState::InSync);
}

#[test]
fn a_rollout_ends_when_every_live_instance_has_answered() {
    let test_api = TestApi::new();
    let client = test_api.client();
    let first = test_api.edge();
    let outcome = |generation, version| {
        client
            .rollout("edge", generation, version, 1)
            .unwrap()
            .outcome
    };
    assert_eq!(outcome(1, Some(1)), RolloutOutcome::Offline);
    client.report_status("edge", &serving(1, &first)).unwrap();
    assert_eq!(outcome(1, Some(1)), RolloutOutcome::Applied);
    let two = client
        .reload("edge", &content("two"), None)
        .unwrap()
        .gateway;
    assert_eq!(outcome(2, Some(2)), RolloutOutcome::Pending);
    client
        .report_status("edge", &rejecting(serving(2, &first), &two))
        .unwrap();
    assert_eq!(outcome(2, Some(2)), RolloutOutcome::Rejected);
    let three = client
        .reload("edge", &content("three"), None)
        .unwrap()
        .gateway;
    assert_eq!(outcome(2, Some(2)), RolloutOutcome::Superseded);
    client.report_status("edge", &serving(3, &three)).unwrap();
    assert_eq!(outcome(3, Some(3)), RolloutOutcome::Applied);
    assert_eq!(outcome(2, Some(2)), RolloutOutcome::Superseded);
    test_api.advance(Duration::from_secs(60));
    assert_eq!(outcome(3, Some(3)), RolloutOutcome::Offline);
}

#[test]
fn a_rejection_is_not_forgotten_among_many_instances() {
    const INSTANCES: usize = 120;
    let letters = "abcdefghijklmnopqrstuvwxyz";
    let pairs = letters
        .chars()
        .flat_map(|a| letters.chars().map(move |b| (a, b)));
    let ids: Vec<InstanceId> = pairs
        .take(INSTANCES)
        .map(|(a, b)| format!("in_bbbbbbbbbbbbbb{a}{b}").parse().unwrap())
        .collect();
    for position in [0, 1, 49, 50, 51, 119] {
        let test_api = TestApi::new();
        let client = test_api.client();
        let gateway = test_api.edge();
        let pending = ids.iter().map(|id| StatusReport {
            instance_id: id.clone(),
            ..report(1)
        });
        for one in pending {
            client.report_status("edge", &one).unwrap();
        }
        let outcome = || client.rollout("edge", 1, Some(1), 1).unwrap();
        for (number, id) in ids.iter().enumerate() {
            assert_eq!(outcome().outcome, RolloutOutcome::Pending, "{number}");
            let mut answer = serving(2, &gateway);
            if number == position {
                answer = rejecting(report(2), &gateway);
            }
            answer.instance_id = id.clone();
            client.report_status("edge", &answer).unwrap();
        }
        let rollout = outcome();
        assert_eq!(rollout.outcome, RolloutOutcome::Rejected, "{position}");
        let query = ListQuery::default();
        let listed = client.list_gateways(&query).unwrap().items.remove(0);
        for seen in [client.gateway("edge").unwrap(), listed, rollout.gateway] {
            let counted = |state| seen.instances.iter().filter(|i| i.state == state).count();
            assert_eq!(seen.state, SyncState::Rejected);
            assert_eq!(counted(SyncState::Rejected), 1);
            assert_eq!(counted(SyncState::InSync), INSTANCES - 1);
            assert!(seen.instances.iter().all(|one| one.live));
        }
        let reload = client.reload("edge", &content("two"), None).unwrap();
        assert_eq!(reload.gateway.instances.len(), INSTANCES);
    }
}

#[test]
fn only_a_report_that_changes_something_wakes_who_waits_for_it() {
    let test_api = TestApi::new();
    let gateway = test_api.edge();
    let wake = |report: &StatusReport| {
        let body = serde_json::to_string(report).unwrap();
        let request = Request::new(Method::Post, "/v1/gateways/edge/status").with_json(body);
        match test_api.api.handle(&request, &Principal::local_user(0)) {
            Reply::Complete(complete) => complete.wake,
            _ => panic!("a report is answered at once"),
        }
    };
    let answers = WakeTarget::Answers(gateway.id.clone());
    assert_eq!(wake(&serving(1, &gateway)), answers, "a new instance");
    assert_eq!(wake(&serving(2, &gateway)), WakeTarget::None);
    assert_eq!(wake(&serving(2, &gateway)), WakeTarget::None, "a late one");
    let rejection = rejecting(serving(3, &gateway), &gateway);
    assert_eq!(wake(&rejection), answers);
    let again = StatusReport {
        seq: 4,
        ..rejection
    };
    assert_eq!(wake(&again), WakeTarget::None);
    test_api.advance(Duration::from_secs(31));
    let live = StatusReport { seq: 5, ..again };
    assert_eq!(wake(&live), answers, "its lease had expired");
    let last = StatusReport {
        seq: 6,
        stopping: true,
        ..live
    };
    assert_eq!(wake(&last), answers);
}

#[test]
fn unknown_fields_of_a_report_are_ignored() {
    let test_api = TestApi::new();
    test_api.edge();
    let mut body = serde_json::to_value(report(1)).unwrap();
    body["weather"] = "fine".into();
    let request =
        Request::new(Method::Post, "/v1/gateways/edge/status").with_json(body.to_string());
    assert_eq!(test_api.send(&request).status, 200);
}

//! Callers, and the upstreams that may receive a request.

use kt_policy::{Caller, Chain, Decision, Evaluation, Limits, compile, diff};

use crate::sample::{bad, good, single};

fn chain(text: &str) -> Chain {
    compile(&good(text), &Limits::default()).unwrap_or_else(|problems| panic!("{problems}"))
}

fn reason(evaluation: &Evaluation) -> Option<&'static str> {
    match &evaluation.decision {
        Decision::Block(block) => Some(block.reason),
        _ => None,
    }
}

fn caller_is_refused(settings: &str, peer: &str, forwarded_for: &[&str]) -> bool {
    let chain = chain(&single("ip_allowlist", settings));
    let caller = Caller {
        peer: peer.parse().unwrap(),
        forwarded_for,
    };
    match reason(&chain.evaluate_caller(&caller)) {
        None => false,
        Some(reason) => {
            assert_eq!(reason, "ip_allowlist.denied");
            true
        }
    }
}

#[test]
fn callers_within_the_ranges_are_accepted() {
    let settings = "{cidrs: [10.0.0.0/8, '2001:db8::/32', 192.0.2.7]}";
    for (peer, refused) in [
        ("10.255.0.1", false),
        ("11.0.0.1", true),
        ("192.0.2.7", false),
        ("192.0.2.8", true),
        ("2001:db8::1", false),
        ("2001:db9::1", true),
        // A listener of both families reports addresses of IPv4 in this form.
        ("::ffff:10.0.0.1", false),
        ("::ffff:11.0.0.1", true),
    ] {
        assert_eq!(caller_is_refused(settings, peer, &[]), refused, "{peer}");
    }
    assert!(caller_is_refused("{cidrs: []}", "127.0.0.1", &[]));
    assert!(!caller_is_refused(
        "{cidrs: [], enabled: false}",
        "127.0.0.1",
        &[]
    ));
}

#[test]
fn a_header_of_the_caller_is_not_trusted() {
    let direct = "{cidrs: [10.0.0.0/8]}";
    assert!(caller_is_refused(direct, "192.0.2.1", &["10.0.0.1"]));
    let behind_one = "{cidrs: [10.0.0.0/8], trust_proxy_depth: 1}";
    assert!(caller_is_refused(
        behind_one,
        "127.0.0.1",
        &["10.0.0.1, 192.0.2.1"]
    ));
    assert!(!caller_is_refused(
        behind_one,
        "127.0.0.1",
        &["192.0.2.1, 10.0.0.1"]
    ));
    assert!(caller_is_refused(
        behind_one,
        "10.0.0.1",
        &["10.0.0.1, nonsense"]
    ));
}

#[test]
fn mistakes_of_an_allowlist_have_their_place() {
    for (settings, path) in [
        (
            "{cidrs: [10.0.0.0/8, 10.0.0.1/8]}",
            "policy.ip_allowlist.cidrs[1]",
        ),
        ("{cidrs: [localhost]}", "policy.ip_allowlist.cidrs[0]"),
        ("{cidrs: [10.0.0.0/33]}", "policy.ip_allowlist.cidrs[0]"),
        (
            "{cidrs: [], trust_proxy_depth: 17}",
            "policy.ip_allowlist.trust_proxy_depth",
        ),
    ] {
        let problems = bad(&single("ip_allowlist", settings));
        assert_eq!(problems.first().unwrap().path, path, "{problems}");
    }
    let document = good(&single("ip_allowlist", "{}"));
    let problems = compile(&document, &Limits::default()).unwrap_err();
    let first = problems.first().unwrap();
    assert_eq!(
        (first.code, &*first.path),
        ("E005", "policy.ip_allowlist.cidrs")
    );
}

/// Returns a configuration whose targets, all of the model `m`, have these keys.
fn routed(settings: &str, targets: &[&str]) -> String {
    let mut text = single("data-routing-policy", settings);
    text.push_str("providers:\n  targets:\n");
    for (index, keys) in targets.iter().enumerate() {
        text.push_str(&format!(
            "    - {{id: t{index}, provider: echo, model: m{keys}}}\n"
        ));
    }
    text
}

/// Returns the ids of the upstreams that remain, or why the request is refused.
fn remaining(settings: &str, targets: &[&str]) -> Result<Vec<String>, &'static str> {
    let text = routed(settings, targets);
    let (document, chain) = (good(&text), chain(&text));
    let upstreams = document.providers.as_ref().unwrap().route("m");
    let route = chain.evaluate_route(upstreams, |target| target);
    match reason(&route.evaluation) {
        Some(reason) => Err(reason),
        None => Ok(route
            .upstreams
            .iter()
            .map(|target| target.id.clone())
            .collect()),
    }
}

#[test]
fn only_upstreams_that_comply_remain() {
    let targets = [
        "",
        ", zdr: true",
        ", data_policy: {zero_data_retention: true, training_opt_out: true}",
        ", data_policy: {retention_days: 30, training_opt_out: true}",
        ", data_policy: {retention_days: 0}",
        ", data_collection: deny",
        ", zdr: false, data_collection: allow",
    ];
    for (settings, expected) in [
        ("{}", &["t0", "t1", "t2", "t3", "t4", "t5", "t6"][..]),
        ("{require_zero_data_retention: true}", &["t1", "t2", "t4"]),
        ("{require_no_training: true}", &["t2", "t3", "t5"]),
        ("{max_retention_days: 30}", &["t1", "t2", "t3", "t4"]),
        ("{max_retention_days: 29}", &["t1", "t2", "t4"]),
        (
            "{require_no_training: true, max_retention_days: 30}",
            &["t2", "t3"],
        ),
    ] {
        assert_eq!(
            remaining(settings, &targets).unwrap(),
            expected,
            "{settings}"
        );
    }
}

#[test]
fn without_one_that_complies_the_request_is_refused_or_noted() {
    let required = "{require_zero_data_retention: true}";
    assert_eq!(
        remaining(required, &["", ""]),
        Err("data_routing_policy.no_compliant_provider")
    );
    // No route is nothing to judge: the model does not exist.
    let route = chain(&routed(required, &[""])).evaluate_route(Vec::new(), |target| *target);
    assert_eq!(route.evaluation.decision, Decision::Allow);
    let warns = "{require_zero_data_retention: true, on_no_compliant_provider: warn}";
    assert_eq!(remaining(warns, &["", ""]).unwrap(), ["t0", "t1"]);
    let chain = chain(&routed(warns, &[""]));
    let document = good(&routed(warns, &[""]));
    let upstreams = document.providers.as_ref().unwrap().route("m");
    let findings = chain
        .evaluate_route(upstreams, |target| target)
        .evaluation
        .findings;
    assert_eq!(findings[0].kind, "no-compliant-provider");
}

#[test]
fn weaker_settings_are_named() {
    let weakens = |kind: &str, from: &str, to: &str| {
        let changes = diff(&good(&single(kind, from)), &good(&single(kind, to)));
        changes
            .changes
            .iter()
            .any(|change| change.weakens.is_some())
    };
    for (kind, strict, weak) in [
        (
            "ip_allowlist",
            "{cidrs: [10.0.0.0/8]}",
            "{cidrs: [10.0.0.0/8, 10.1.0.0/16]}",
        ),
        (
            "ip_allowlist",
            "{cidrs: [10.0.0.0/8]}",
            "{cidrs: [0.0.0.0/0]}",
        ),
        ("ip_allowlist", "{cidrs: []}", "{cidrs: [], enabled: false}"),
        (
            "ip_allowlist",
            "{cidrs: []}",
            "{cidrs: [], trust_proxy_depth: 1}",
        ),
        ("data-routing-policy", "{require_no_training: true}", "{}"),
        (
            "data-routing-policy",
            "{max_retention_days: 30}",
            "{max_retention_days: 31}",
        ),
        ("data-routing-policy", "{max_retention_days: 30}", "{}"),
        (
            "data-routing-policy",
            "{}",
            "{on_no_compliant_provider: warn}",
        ),
    ] {
        assert!(weakens(kind, strict, weak), "{kind}: {strict} to {weak}");
        let narrows = strict.contains("8]}") && weak.contains("0.0.0.0/0");
        assert_eq!(
            weakens(kind, weak, strict),
            narrows,
            "{kind}: {weak} to {strict}"
        );
    }
}

//! Halted gateways refuse every request, on every store, after restarts, and without a control plane.

use super::provider::Provider;
use super::streams::open;
use super::world::{Gateway, Mode, World, body, with_upstream};
use crate::harness::{TIMEOUT, http, wait_until};
use serde_json::{Value, json};

fn refusal(gateway: &Gateway) -> Option<Value> {
    let reply = gateway.chat("m", "hello");
    (reply.status == 503).then(|| body(&reply)["error"].clone())
}

fn metric(gateway: &Gateway, line: &str) -> bool {
    let metrics = http(gateway.admin_port, "GET", "/metrics", &[], "").expect("it responds");
    metrics.body.lines().any(|other| other == line)
}

fn halt(world: &World, line: &str) -> Value {
    world.kt(&format!("{line} -o json")).run().ok().json()
}

fn modes() -> impl Iterator<Item = World> {
    let modes = [Mode::Embedded, Mode::Server, Mode::Postgres];
    modes.into_iter().filter_map(World::try_new)
}

#[test]
fn a_halted_gateway_refuses_requests_and_ends_those_in_flight() {
    for world in modes() {
        let provider = Provider::start();
        let config = with_upstream(&provider.url(), "");
        world.sandbox.write("one.yaml", config);
        let id = world.create("one.yaml");
        let gateway = world.run("");
        let stream = open(&gateway, "gated", "hi");
        stream.has("before");

        let rows = halt(&world, "gateway halt production --reason leaked-key");
        assert_eq!(rows[0]["result"], "halted", "{rows}");
        assert_eq!(rows[0]["halt"]["reason"], "leaked-key");
        let error = refusal(&gateway).expect("it is halted");
        assert_eq!(error["code"], "gateway_halted");
        assert_eq!(error["message"], "the gateway is halted: leaked-key");
        let events = stream.end();
        assert!(events.contains("gateway_halted"), "{events}");
        assert!(!events.contains("[DONE]"), "{events}");
        assert!(events.contains("before"), "{events}");

        let ready = http(gateway.port, "GET", "/readyz", &[], "").expect("it responds");
        assert_eq!(
            (ready.status, &body(&ready)["status"]),
            (200, &json!("halted"))
        );
        assert!(metric(&gateway, "keeptrusts_gateway_halted 1"));
        let inspect = world.inspect();
        assert_eq!(inspect["halt"]["reason"], "leaked-key");
        assert_eq!(inspect["state"], "in-sync", "no version is concerned");
        assert_eq!(inspect["desired"]["version"], 1);
        assert_eq!(inspect["instances"][0]["halt"]["halted"], true);
        let listed = halt(&world, "gateway list --state halted");
        assert_eq!(listed[0]["name"], "production");
        world
            .kt("gateway list")
            .run()
            .ok()
            .stdout_contains("halted");
        let records = wait_until("the refusals in the audit log", TIMEOUT, || {
            let file = world.gateway_file(&id, "audit.jsonl");
            let text = std::fs::read_to_string(file).ok()?;
            let refused = text.matches("gateway.halted").count();
            (refused >= 2).then_some(text)
        });
        assert!(!records.contains("leaked-key"));

        // A version that becomes desired is applied, and does not resume the gateway.
        let changed = with_upstream(&provider.url(), "").replace("1.0.0", "1.0.1");
        world.sandbox.write("two.yaml", changed);
        world
            .kt("gateway reload production --file two.yaml")
            .run()
            .ok();
        assert!(refusal(&gateway).is_some());

        let same = halt(&world, "gateway halt production --reason leaked-key");
        assert_eq!(same[0]["result"], "unchanged");
        let other = halt(&world, "gateway halt production --reason other --for 1h");
        assert_eq!(other[0]["result"], "replaced");
        assert!(other[0]["halt"]["until"].is_string(), "{other}");

        let ended = halt(&world, "gateway unhalt production --reason fixed");
        assert_eq!(ended[0]["result"], "unhalted");
        assert_eq!(refusal(&gateway), None);
        assert!(metric(&gateway, "keeptrusts_gateway_halted 0"));
        assert!(!world.gateway_file(&id, "halt.json").exists());
        let again = halt(&world, "gateway unhalt production");
        assert_eq!(again[0]["result"], "unchanged");
        let audit = halt(&world, "audit list --target production");
        let audit = audit.to_string();
        for action in ["gateway.halt", "gateway.unhalt", "leaked-key", "fixed"] {
            assert!(audit.contains(action), "{action}: {audit}");
        }
        gateway.stop().ok();
    }
}

#[test]
fn a_request_in_flight_is_refused_too() {
    let provider = Provider::start();
    let (world, gateway) = super::world::started(&provider);
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| gateway.chat("held", "hi"));
        wait_until("the request at the provider", TIMEOUT, || {
            (!provider.requests().is_empty()).then_some(())
        });
        world.kt("gateway halt --reason leak").run().ok();
        let reply = waiting.join().expect("it does not panic");
        assert_eq!(reply.status, 503, "{}", reply.body);
        assert_eq!(body(&reply)["error"]["code"], "gateway_halted");
    });
}

#[test]
fn a_halt_survives_restarts_and_the_loss_of_the_control_plane() {
    for world in modes() {
        let id = world.create("policy-config.yaml");
        let gateway = world.run("");
        world.kt("gateway halt --reason leak").run().ok();
        wait_until("the halt", TIMEOUT, || refusal(&gateway));
        gateway.stop().ok();
        let file = world.gateway_file(&id, "halt.json");
        assert!(file.exists());

        // Nothing but the files of the gateway is left.
        let gone = "http://127.0.0.1:9";
        let line = format!("gateway run --id {id} --listen 127.0.0.1:0 -o json");
        let run = world.kt(&line).env("KEEPTRUSTS_API_URL", gone);
        let gateway = Gateway::of(run.spawn());
        assert_eq!(
            refusal(&gateway).expect("it is halted")["code"],
            "gateway_halted"
        );
        gateway.stop().ok();

        // A halt that is ended while the gateway is away reaches it when it returns.
        let offline = halt(&world, "gateway unhalt production");
        assert_eq!(offline[0]["result"], "unhalted");
        let gateway = world.run("");
        assert_eq!(refusal(&gateway), None);
        wait_until("the file to be removed", TIMEOUT, || {
            (!file.exists()).then_some(())
        });
        gateway.stop().ok();

        // And so does one that begins then, before the first request.
        world
            .kt("gateway halt production --reason again")
            .run()
            .ok();
        let gateway = world.run("");
        assert!(refusal(&gateway).is_some());
        world.kt("gateway unhalt production").run().ok();
        assert_eq!(refusal(&gateway), None);
    }
}

#[test]
fn a_restored_store_has_its_halts() {
    let world = World::new(Mode::Embedded);
    world.create("policy-config.yaml");
    world
        .kt("gateway halt production --reason again")
        .run()
        .ok();
    let gateway = world.run("");
    assert!(refusal(&gateway).is_some());
    world
        .kt("control-plane backup --output-file kept.db")
        .run()
        .ok();
    world.kt("gateway unhalt production").run().ok();
    assert_eq!(refusal(&gateway), None);
    world.kt("control-plane restore kept.db --yes").run().ok();
    wait_until("the halt of the restored store", TIMEOUT, || {
        refusal(&gateway)
    });
}

#[test]
fn a_local_halt_is_recorded_and_shown() {
    for world in modes() {
        world.create("policy-config.yaml");
        let gateway = world.run("");
        let line = "gateway halt production --local --reason here --for 1h";
        let rows = halt(&world, line);
        assert_eq!(rows[0]["local"], true, "{rows}");
        assert!(refusal(&gateway).is_some());
        wait_until("the report of the instance", TIMEOUT, || {
            let inspect = world.inspect();
            (inspect["instances"][0]["halt"]["halted"] == true).then_some(())
        });
        assert_eq!(
            world.inspect()["halt"],
            Value::Null,
            "it is of this machine"
        );
        gateway.stop().ok();
        let gateway = world.run("");
        assert!(refusal(&gateway).is_some(), "it stays halted");
        world.kt("gateway unhalt --local").run().ok();
        assert_eq!(refusal(&gateway), None);
        world.kt("gateway unhalt --local").run().ok();
        let events = wait_until("the records", TIMEOUT, || {
            let list = world.kt("events list -o json").run();
            let list = list.ok().stdout.clone();
            list.contains("\"unhalt\"").then_some(list)
        });
        let records: Vec<Value> = serde_json::Deserializer::from_str(&events)
            .into_iter()
            .filter_map(Result::ok)
            .filter(|event: &Value| event["phase"] == "admin")
            .collect();
        let verdicts: Vec<_> = records.iter().map(|event| &event["verdict"]).collect();
        assert_eq!(verdicts, [&json!("unhalt"), &json!("halt")], "{events}");
        assert_eq!(records[0]["reason"], "here");
        assert!(records[1]["halt"]["until"].is_string(), "{events}");
    }
}

#[test]
fn a_halt_ends_by_itself() {
    for world in modes() {
        let id = world.create("policy-config.yaml");
        let gateway = world.run("");
        world
            .kt("gateway halt production --reason drill --for 2s")
            .run()
            .ok();
        wait_until("the end of the halt", TIMEOUT, || {
            refusal(&gateway).is_none().then_some(())
        });
        wait_until("the file to be removed", TIMEOUT, || {
            (!world.gateway_file(&id, "halt.json").exists()).then_some(())
        });
        assert_eq!(world.inspect()["halt"], Value::Null);
    }
}

#[test]
fn a_gateway_without_a_control_plane_is_halted_through_its_socket() {
    for world in modes() {
        let run = || {
            let line = "gateway run --file policy-config.yaml --listen 127.0.0.1:0 -o json";
            Gateway::of(world.sandbox.kt_line(line).spawn())
        };
        let gateway = run();
        let rows = halt(&world, "gateway halt --reason leak");
        assert_eq!(rows[0]["local"], true, "{rows}");
        assert!(refusal(&gateway).is_some());
        gateway.stop().ok();
        let file = world.gateway_file("local", "halt.json");
        assert!(file.exists());
        let gateway = run();
        assert!(refusal(&gateway).is_some(), "it stays halted");
        let rows = halt(&world, "gateway unhalt --local");
        assert_eq!(rows[0]["result"], "unhalted", "{rows}");
        assert_eq!(refusal(&gateway), None);
        assert!(!file.exists());
        world
            .kt("gateway halt absent --local --reason leak")
            .run()
            .exits(5)
            .stderr_contains("absent");
    }
}

#[test]
fn many_gateways_are_halted_at_once() {
    for world in modes() {
        for name in ["one", "two", "three"] {
            let team = if name == "three" { "y" } else { "x" };
            world
                .kt(&format!("gateway create {name} --label team={team}"))
                .run()
                .ok();
        }
        world
            .kt("gateway halt --all --reason leak")
            .run()
            .exits(2)
            .stderr_contains("--yes");
        let planned = halt(&world, "gateway halt --all --reason leak --dry-run");
        assert_eq!(planned.as_array().map(Vec::len), Some(3));
        assert_eq!(planned[0]["result"], "would-halt");
        let rows = halt(&world, "gateway halt --selector team=x --reason leak");
        let names: Vec<_> = rows
            .as_array()
            .into_iter()
            .flatten()
            .map(|r| &r["name"])
            .collect();
        assert_eq!(names, [&json!("one"), &json!("two")]);
        let all = halt(&world, "gateway unhalt --all --yes");
        assert_eq!(all[2]["result"], "unhalted", "{all}");
        assert_eq!(all[1]["result"], "unchanged", "{all}");
        for (line, code) in [
            ("gateway halt --selector= --reason leak", 2),
            ("gateway halt --selector team=z --reason leak", 5),
            ("gateway halt one --all --reason leak", 2),
            ("gateway halt one", 2),
            ("gateway halt one --reason=", 2),
        ] {
            world.kt(line).run().exits(code).stdout_is_empty();
        }
    }
}

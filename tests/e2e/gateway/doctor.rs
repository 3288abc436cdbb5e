//! What `kt doctor` finds of the gateways that run on this machine.

use super::world::{Mode, World};
use serde_json::Value;

#[test]
fn running_gateways_and_their_providers_are_checked() {
    let world = World::new(Mode::Embedded);
    let id = world.create("policy-config.yaml");
    let check = |name: &str| {
        let output = world.kt("doctor -o json").run();
        let rows = output.ok().json();
        let rows = rows.as_array().cloned().unwrap_or_default();
        rows.into_iter().find(|row: &Value| row["name"] == name)
    };
    let gateway = format!("gateway {id}");
    assert_eq!(check(&gateway), None);
    let running = world.run("");
    let live = check(&gateway).expect("it is running");
    assert_eq!(live["state"], "passed", "{live}");
    let providers = check(&format!("providers of {gateway}")).expect("it has some");
    assert_eq!(providers["state"], "warning", "{providers}");
    let message = providers["message"].as_str().unwrap_or_default();
    assert!(message.contains("without a credential: main"), "{message}");
    running.stop().ok();
    assert!(check("service manager").is_some());
    let none = world.kt("gateway status --all").run();
    none.exits(4).stderr_contains("kt gateway install");
}

#[test]
fn deleting_a_gateway_names_the_services_that_run_it() {
    let world = World::new(Mode::Embedded);
    let id = world.create("policy-config.yaml");
    let dir = world.sandbox.home().join("state/service/edge");
    std::fs::create_dir_all(&dir).expect("it can be created");
    let record = format!("{{\"gateway_id\": \"{id}\"}}");
    std::fs::write(dir.join("service.json"), record).expect("it can be written");
    let refused = world.kt("gateway delete production").run();
    refused
        .exits(2)
        .stderr_contains("the service `edge` of this machine runs it");
    let deleted = world.kt("gateway delete production --yes").run();
    deleted
        .ok()
        .stderr_contains("kt gateway uninstall --service-name edge");
}

//! Secrets do not appear in arguments, logs, the store or messages: all output and all
//! files of a scenario with canaries are searched for them.

use super::provider::Provider;
use super::world::{Mode, World, with_upstream};
use crate::harness::{CommandOutput, files_below};
use std::cell::RefCell;

const ENV_CANARY: &str = "canary-env-5f1c9b";
const STORE_CANARY: &str = "canary-store-83ad27";

#[test]
fn canaries_are_found_nowhere() {
    let provider = Provider::start();
    let world = World::new(Mode::Server);
    let all_output = RefCell::new(String::new());
    let record = |output: CommandOutput| {
        all_output.borrow_mut().push_str(&format!("{output}"));
        output
    };
    record(
        world
            .kt("secret set --name main")
            .stdin(format!("{STORE_CANARY}\n"))
            .run(),
    )
    .ok();
    let stored = with_upstream(&provider.url(), ", secret_key_ref: {store: main}");
    let from_env = with_upstream(&provider.url(), ", secret_key_ref: {env: CANARY_KEY}");
    world.sandbox.write("stored.yaml", &stored);
    world.sandbox.write("env.yaml", &from_env);
    record(
        world
            .kt("gateway create --name production --file stored.yaml -o json")
            .run(),
    )
    .ok();
    let gateway = world.run_with("-vvv", &[("CANARY_KEY", ENV_CANARY)]);
    assert_eq!(gateway.chat("m", "hello").status, 200);
    record(
        world
            .kt("gateway reload --id production --file env.yaml -vvv")
            .run(),
    )
    .ok();
    assert_eq!(gateway.chat("m", "hello").status, 200);
    let keys: Vec<String> = provider
        .received()
        .into_iter()
        .map(|(head, _)| head)
        .collect();
    assert!(
        keys[0].contains(STORE_CANARY) && keys[1].contains(ENV_CANARY),
        "the provider receives them"
    );

    let literal = with_upstream(&provider.url(), ", api_key: canary-literal-77e0");
    world.sandbox.write("literal.yaml", &literal);
    let refused = record(
        world
            .kt("gateway reload --id production --file literal.yaml")
            .run(),
    );
    refused.exits(2).stderr_excludes("canary-literal");
    for line in [
        "secret list",
        "config show",
        "doctor",
        "gateway inspect -o json",
        "gateway diff --file stored.yaml",
        "gateway config",
        "gateway install --id production --print --backend systemd",
        "gateway install --id production --print=json --backend launchd",
        "gateway status",
    ] {
        drop(record(world.kt(line).run()));
    }
    assert!(
        std::fs::read(format!("/proc/{}/cmdline", gateway.process.id())).is_ok_and(|c| {
            let line = String::from_utf8_lossy(&c).into_owned();
            !line.contains("canary") && !line.contains("kt_at_")
        })
    );
    all_output
        .borrow_mut()
        .push_str(&format!("{}", gateway.stop()));

    let token = world.token().expect("there is a server").to_owned();
    for canary in [ENV_CANARY, STORE_CANARY, token.as_str()] {
        assert!(
            !all_output.borrow().contains(canary),
            "`{canary}` is in the output:\n{}",
            all_output.borrow()
        );
        for file in files_below(world.sandbox.root(), &[]) {
            let bytes = std::fs::read(&file).unwrap_or_default();
            let expected = canary == STORE_CANARY && file.ends_with("state/secrets.json");
            let found = bytes.windows(canary.len()).any(|w| w == canary.as_bytes());
            assert!(!found || expected, "`{canary}` is in {}", file.display());
        }
        world.assert_not_in_server_store(canary);
    }
}

/// The secret that the last request to the provider contained.
fn last_secret(provider: &Provider) -> String {
    let (head, _) = provider.received().pop().expect("a request");
    let line = head
        .lines()
        .find(|line| line.to_ascii_lowercase().starts_with("authorization:"));
    let secret = line.and_then(|line| line.rsplit(' ').next());
    secret.unwrap_or_default().trim().to_owned()
}

#[test]
fn a_changed_secret_is_used_after_a_reload_of_the_same_file() {
    for mode in [Mode::Embedded, Mode::Server] {
        let provider = Provider::start();
        let world = World::new(mode);
        let set = |value: &str| {
            let set = world.kt("secret set --name main").stdin(value).run();
            set.ok();
        };
        let reload = |file: &str| {
            let line = format!("gateway reload --id production --file {file} -o json");
            world.kt(&line).run()
        };
        set("first-value\n");
        let stored = with_upstream(&provider.url(), ", secret_key_ref: {store: main}");
        world.sandbox.write("one.yaml", &stored);
        world.create("one.yaml");
        let gateway = world.run("");
        assert_eq!(gateway.chat("m", "hello").status, 200);
        assert_eq!(last_secret(&provider), "first-value");

        set("second-value\n");
        let same = reload("one.yaml");
        assert_eq!(same.ok().at("/result"), "unchanged");
        assert_eq!(same.at("/version"), 1);
        assert_eq!(gateway.chat("m", "hello").status, 200);
        assert_eq!(last_secret(&provider), "second-value");

        world.kt("secret remove --name main").run().ok();
        reload("one.yaml").ok();
        assert_eq!(gateway.chat("m", "hello").status, 503, "no credential");
        let strict = format!("{stored}gateway: {{strict: true}}\n");
        world.sandbox.write("strict.yaml", &strict);
        reload("strict.yaml")
            .exits(10)
            .stderr_contains("does not exist");
        set("third-value\n");
        assert_eq!(reload("strict.yaml").ok().at("/result"), "unchanged");
        assert_eq!(gateway.chat("m", "hello").status, 200);
        assert_eq!(last_secret(&provider), "third-value");
    }
}

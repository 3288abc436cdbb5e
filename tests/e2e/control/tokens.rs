//! `kt token create`, `list`, `revoke` and `rotate` with a server.

use crate::gateway::{Mode, World};
use crate::harness::{CommandOutput, TestCommand};
use std::fs;
use std::os::unix::fs::PermissionsExt;

fn world() -> World {
    let world = World::new(Mode::Server);
    world.kt("gateway create --name production").run().ok();
    world
}

/// Returns the token and the id from a `create` or `rotate`.
fn issued(run: TestCommand) -> (String, String) {
    let output = run.run();
    let value = output.ok().json();
    let text = |key: &str| value[key].as_str().unwrap_or_default().to_owned();
    assert!(text("token").starts_with("kt_"), "{output}");
    (text("token"), text("id"))
}

fn as_holder(world: &World, token: &str, line: &str) -> CommandOutput {
    world.kt(line).env("KEEPTRUSTS_API_TOKEN", token).run()
}

#[test]
fn a_token_allows_its_scope_and_is_shown_once() {
    let world = world();
    let create = |rest: &str| issued(world.kt(&format!("token create {rest} -o json")));
    let (read, id) = create("--name dashboard --scope read --expires 90d");
    let who = as_holder(&world, &read, "whoami -o json");
    assert_eq!(who.ok().json()["scope"], "read", "{who}");
    assert_eq!(who.json()["token"], id.as_str());
    as_holder(&world, &read, "gateway list").ok();
    let refused = as_holder(&world, &read, "gateway create --name x");
    refused.exits(4).stdout_is_empty().stderr_excludes(&read);

    let (own, _) = create("--name edge --scope gateway");
    assert!(own.starts_with("kt_gk_"));
    as_holder(&world, &own, "gateway inspect --id production").ok();
    as_holder(&world, &own, "gateway list").exits(4);

    for format in ["table", "wide", "json", "yaml"] {
        let list = world.kt(&format!("token list -o {format}")).run();
        list.ok()
            .stdout_contains(&id)
            .stdout_excludes(&read)
            .stdout_excludes(&own);
    }
    let people = world.kt("token create --name p --scope read").run();
    people
        .ok()
        .stdout_contains("kt_at_")
        .stderr_contains("cannot be printed again");
    world
        .kt("token create --name x --scope admin --id production")
        .run()
        .exits(2);
    world
        .kt("token create --name x --scope read --expires 0s")
        .run()
        .exits(2);
    world
        .kt("token create --name x --scope gateway --id absent")
        .run()
        .exits(5);
}

#[test]
fn a_bootstrap_token_registers_one_gateway() {
    let world = world();
    let create = "token create --name rack-7 --scope bootstrap --expires 10m -o json";
    let (bootstrap, id) = issued(world.kt(create));
    assert!(bootstrap.starts_with("kt_bt_"));
    let who = as_holder(&world, &bootstrap, "whoami -o json");
    assert_eq!(who.ok().json()["scope"], "bootstrap", "{who}");
    for refused in ["gateway list", "gateway inspect --id production"] {
        as_holder(&world, &bootstrap, refused)
            .exits(4)
            .stdout_is_empty();
    }
    // A failed request does not consume the token, and leaves no file.
    let taken = "gateway create --name production --output-file gateway.token";
    as_holder(&world, &bootstrap, taken)
        .exits(6)
        .stdout_is_empty();
    assert!(!world.sandbox.path("gateway.token").exists());

    let enroll = "gateway create --name rack-7 --output-file gateway.token -o json";
    let made = as_holder(&world, &bootstrap, enroll);
    let gateway = made.ok().text_at("/id");
    let own = fs::read_to_string(world.sandbox.path("gateway.token")).expect("it was written");
    let own = own.trim();
    assert!(own.starts_with("kt_gk_"));
    made.stdout_excludes(own).stderr_excludes(own);
    as_holder(&world, own, "gateway inspect --id rack-7").ok();

    let again = as_holder(&world, &bootstrap, "gateway create --name rack-8");
    again
        .exits(4)
        .stdout_is_empty()
        .stderr_contains(&gateway)
        .stderr_excludes(&bootstrap);
    let list = world.kt("token list --all -o json").run();
    let list = list.ok().json();
    let rows = list.as_array().expect("a list");
    let consumed = rows.iter().find(|row| row["id"] == id.as_str());
    let consumed = consumed.expect("it is listed");
    assert_eq!(
        (&consumed["state"], &consumed["gateway"]),
        (&"used".into(), &gateway.into())
    );
    let audit = world.kt(&format!("audit list --target {id} -o json")).run();
    assert_eq!(audit.ok().json()[0]["action"], "token.consume");
}

#[test]
fn a_bootstrap_token_is_not_a_login_and_expires_after_an_hour_at_most() {
    let world = world();
    let (token, _) = issued(world.kt("token create --name t --scope bootstrap -o json"));
    let login = world.kt("auth login").stdin(token.as_str()).run();
    login
        .exits(2)
        .stdout_is_empty()
        .stderr_contains("gateway create")
        .stderr_excludes(&token);
    let long = world.kt("token create --name t --scope bootstrap --expires 61m");
    let long = long.run();
    long.exits(2).stdout_is_empty();
    assert_eq!(
        long.stderr.matches("3600").count(),
        1,
        "printed once: {long}"
    );
}

#[test]
fn a_revoked_token_is_rejected_at_once() {
    let world = world();
    let (token, id) = issued(world.kt("token create --name t --scope admin -o json"));
    as_holder(&world, &token, "gateway list").ok();
    let revoked = world.kt(&format!("token revoke --token-id {id}")).run();
    revoked.ok().stderr_excludes(&token);
    as_holder(&world, &token, "gateway list").exits(4);
    world
        .kt("token list -o name")
        .run()
        .ok()
        .stdout_excludes(&id);
    world
        .kt("token list --all -o name")
        .run()
        .ok()
        .stdout_contains(&id);
    let absent = world
        .kt("token revoke --token-id tok_aaaaaaaaaaaaaaaa")
        .run();
    absent.exits(5);
    // The error does not repeat a token that was passed by mistake.
    let mistaken = world.kt(&format!("token revoke --token-id {token}")).run();
    mistaken.exits(2).stdout_is_empty().stderr_excludes(&token);
}

#[test]
fn a_token_is_rotated_with_and_without_grace() {
    let world = world();
    let (first, id) = issued(world.kt("token create --name t --scope read -o json"));
    let graceful = format!("token rotate --token-id {id} --grace 1h -o json");
    let (second, id) = issued(world.kt(&graceful));
    for token in [&first, &second] {
        as_holder(&world, token, "gateway list").ok();
    }
    let (third, _) = issued(world.kt(&format!("token rotate --token-id {id} -o json")));
    as_holder(&world, &second, "gateway list").exits(4);
    as_holder(&world, &third, "gateway list").ok();
    let late = world.kt(&format!("token rotate --token-id {id}")).run();
    late.exits(6)
        .stdout_is_empty()
        .stderr_contains("is revoked or expired");
}

#[test]
fn a_token_can_be_written_to_a_private_file_only() {
    let world = world();
    let file = world.sandbox.path("new.token");
    let create = "token create --name t --scope read --output-file new.token -o json";
    let output = world.kt(create).run();
    let id = output.ok().text_at("/id");
    let read = || fs::read_to_string(&file).expect("it was written");
    let first = read();
    let first = first.trim();
    output.stdout_excludes(first).stderr_excludes(first);
    let mode = || {
        fs::metadata(&file)
            .expect("it is there")
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!(mode(), 0o600);
    as_holder(&world, first, "gateway list").ok();

    let again = world.kt(create).run();
    again
        .exits(6)
        .stdout_is_empty()
        .stderr_contains("already exists");
    let nowhere = "token create --name t --scope read --output-file absent/new.token";
    world.kt(nowhere).run().exits(2).stdout_is_empty();
    let count = |output: CommandOutput| output.ok().stdout.lines().count();
    // Those of the administrator and the gateway, and the one above: failed commands created none.
    assert_eq!(count(world.kt("token list --all -o name").run()), 3);

    let rotate = format!("token rotate --token-id {id} --output-file new.token");
    world.kt(&rotate).run().ok().stdout_excludes("kt_at_");
    assert_eq!(mode(), 0o600);
    assert_ne!(read().trim(), first);
    as_holder(&world, read().trim(), "gateway list").ok();
    let left = fs::read_dir(world.sandbox.path("")).expect("the folder is there");
    let names = left.filter_map(|e| e.ok()?.file_name().into_string().ok());
    let drafts: Vec<String> = names.filter(|n| n.starts_with('.')).collect();
    assert!(drafts.is_empty(), "{drafts:?}");
}

//! `kt auth logout`, and gateways that a login does not affect.

use super::auth::{login, token_of};
use crate::gateway::{Gateway, Mode, Server, World, example};
use crate::harness::{Sandbox, assert_golden, shape};
use std::fs;

#[test]
fn logout_removes_token_and_address() {
    let sandbox = Sandbox::new();
    let server = Server::start();
    let none = sandbox.kt_line("auth logout").run();
    none.ok().stdout_is_empty().stderr_contains("not logged in");
    sandbox
        .kt_line("auth token")
        .run()
        .exits(4)
        .stdout_is_empty()
        .stderr_contains("kt auth login");
    login(&sandbox, &server, &server.token, "").run().ok();
    let file = sandbox.profile("default");
    let out = sandbox.kt_line("auth logout -o json").run();
    assert_golden("tests/golden/auth/logout.txt", &shape(&out.ok().json()));
    assert!(!file.exists());
    let who = sandbox.kt_line("whoami -o json").run();
    assert_eq!(who.ok().text_at("/control_plane"), "embedded");
    // The token is still valid.
    login(&sandbox, &server, &server.token, "").run().ok();

    let other = "[gateway]\ntoken = \"kt_gk_other\"\n";
    sandbox.write_profile("work", other);
    login(&sandbox, &server, &server.token, "--profile work")
        .run()
        .ok();
    sandbox
        .kt_line("auth logout --profile work")
        .run()
        .ok()
        .stderr_contains("other settings are kept");
    let left = fs::read_to_string(sandbox.profile("work")).expect("it stays");
    assert_eq!(left, other);
    assert!(file.exists(), "another profile is not changed");
    sandbox
        .kt_line("auth logout --profile absent")
        .run()
        .exits(3);
}

#[test]
fn logout_can_revoke_the_token_and_keeps_the_login_on_failure() {
    let sandbox = Sandbox::new();
    let mut server = Server::start();
    let file = sandbox.profile("default");
    let admin = token_of(&sandbox, &server, "admin");
    login(&sandbox, &server, &admin, "").run().ok();
    let out = sandbox.kt_line("auth logout --revoke").run();
    out.ok().stderr_contains("revoked").stderr_excludes(&admin);
    assert!(!file.exists());
    login(&sandbox, &server, &admin, "")
        .run()
        .exits(4)
        .stdout_is_empty();
    assert!(!file.exists());

    let read = token_of(&sandbox, &server, "read");
    login(&sandbox, &server, &read, "").run().ok();
    let denied = sandbox.kt_line("auth logout --revoke").run();
    denied
        .exits(4)
        .stdout_is_empty()
        .stderr_contains("kt token revoke tok_");
    denied
        .stderr_contains("still logged in")
        .stderr_excludes(&read);
    sandbox.kt_line("whoami").run().ok();
    server.kill();
    let away = sandbox.kt_line("auth logout --revoke").run();
    away.exits(7)
        .stdout_is_empty()
        .stderr_contains("still logged in")
        .stderr_excludes(&read);
    assert!(file.exists());
    sandbox.kt_line("auth logout").run().ok();
    assert!(!file.exists());
}

#[test]
fn a_token_that_was_revoked_elsewhere_can_be_removed() {
    let sandbox = Sandbox::new();
    let server = Server::start();
    let token = token_of(&sandbox, &server, "admin");
    let output = login(&sandbox, &server, &token, "-o json").run();
    let id = output.ok().text_at("/token");
    let revoke = sandbox
        .kt_line(&format!("token revoke --token-id {id}"))
        .env("KEEPTRUSTS_API_TOKEN", &server.token);
    revoke.run().ok();
    for line in ["gateway list", "auth whoami"] {
        sandbox
            .kt_line(line)
            .run()
            .exits(4)
            .stdout_is_empty()
            .stderr_excludes(&token);
    }
    let before = fs::read(sandbox.profile("default")).expect("it is there");
    login(&sandbox, &server, &token, "")
        .run()
        .exits(4)
        .stdout_is_empty();
    let now = fs::read(sandbox.profile("default")).expect("it is there");
    assert_eq!(before, now);
    let out = sandbox.kt_line("auth logout --revoke").run();
    out.ok()
        .stderr_contains("already invalid")
        .stderr_excludes(&token);
    assert!(!sandbox.profile("default").exists());
}

/// The token is sent only to the server of the profile.
#[test]
fn a_token_is_revoked_at_the_server_of_its_profile() {
    let sandbox = Sandbox::new();
    let (server, other) = (Server::start(), Server::start());
    let token = token_of(&sandbox, &server, "admin");
    login(&sandbox, &server, &token, "").run().ok();
    let out = sandbox
        .kt_line(&format!("auth logout --revoke --api-url {}", other.url()))
        .env("KEEPTRUSTS_API_URL", other.url())
        .run();
    out.ok().stderr_contains("revoked");
    login(&sandbox, &server, &token, "").run().exits(4);
}

#[test]
fn a_login_does_not_affect_a_gateway_that_runs_as_a_service() {
    let world = World::new(Mode::Embedded);
    let id = world.create("policy-config.yaml");
    let print = "gateway install --print --no-linger --backend systemd --id production";
    let unit = world.kt(print).run();
    unit.ok().stdout_contains("KT_NO_PROFILE=1");
    // Like a service manager.
    let start = || {
        let line = format!("gateway run --id {id} --listen 127.0.0.1:0 -o json");
        Gateway::of(world.kt(&line).env("KT_NO_PROFILE", "1").spawn())
    };
    let mut running = start();
    let server = Server::start();
    login(&world.sandbox, &server, &server.token, "").run().ok();
    assert!(world.kt("gateway list -o json").run().ok().stdout.trim() == "[]");
    assert!(running.process.is_running());
    drop(running);
    // After a reboot it still uses the control plane of its installation.
    let mut running = start();
    world.kt("auth logout").run().ok();
    assert!(running.process.is_running());
    world.until_state("in-sync");

    login(&world.sandbox, &server, &server.token, "").run().ok();
    world.sandbox.write("p.yaml", example());
    world
        .kt("gateway create --name production --file p.yaml")
        .run()
        .ok();
    let unit = world.kt(print).run();
    unit.ok()
        .stdout_contains("KT_PROFILE=default")
        .stdout_contains(&server.url());
    unit.stdout_excludes(&server.token)
        .stderr_excludes(&server.token);
}

//! `kt auth login`, `list`, `whoami` and `token` with servers.

use crate::gateway::Server;
use crate::harness::{CommandOutput, Sandbox, TestCommand, assert_golden, shape};
use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

/// Returns a run that logs in to a server with a token on standard input.
pub(super) fn login(sandbox: &Sandbox, server: &Server, token: &str, more: &str) -> TestCommand {
    sandbox
        .kt_line(&format!("auth login --api-url {} {more}", server.url()))
        .stdin(format!("{token}\n"))
}

/// Creates a token with a scope as the administrator of the server.
pub(super) fn token_of(sandbox: &Sandbox, server: &Server, scope: &str) -> String {
    let output = sandbox
        .kt_line(&format!(
            "token create --name {scope} --scope {scope} -o json"
        ))
        .env("KEEPTRUSTS_API_URL", server.url())
        .env("KEEPTRUSTS_API_TOKEN", &server.token)
        .run();
    output.ok().text_at("/token")
}

fn golden(name: &str, output: &CommandOutput) {
    let path = format!("tests/golden/auth/{name}.txt");
    assert_golden(&path, &shape(&output.ok().json()));
}

fn mode(path: &std::path::Path) -> u32 {
    fs::metadata(path)
        .expect("it is there")
        .permissions()
        .mode()
        & 0o777
}

#[test]
fn two_logins_are_separate_and_selected_by_profile() {
    let sandbox = Sandbox::new();
    let (a, b) = (Server::start(), Server::start());
    let read = token_of(&sandbox, &b, "read");
    let first = login(&sandbox, &a, &a.token, "-o json").run();
    golden("login", &first);
    first.stdout_excludes(&a.token).stderr_excludes(&a.token);
    assert_eq!(first.text_at("/profile"), "default");
    assert_eq!(first.text_at("/scope"), "admin");
    assert_eq!(first.text_at("/control_plane"), a.url());
    let file = sandbox.profile("default");
    assert_eq!(first.text_at("/file"), file.display().to_string());
    assert_eq!(mode(&file), 0o600);
    assert_eq!(mode(file.parent().expect("it is in a folder")), 0o700);
    // The second profile does not exist yet.
    let second = login(&sandbox, &b, &read, "--profile b").run();
    second
        .ok()
        .stdout_contains("read")
        .stdout_contains(&b.url())
        .stdout_excludes(&read);

    sandbox.kt_line("gateway create --name at-a").run().ok();
    let refused = sandbox.kt_line("gateway create --name x --profile b").run();
    refused.exits(4).stdout_is_empty();
    for (profile, url, scope, held) in [
        ("default", a.url(), "admin", &a.token),
        ("b", b.url(), "read", &read),
    ] {
        for command in ["whoami", "auth whoami"] {
            let line = format!("{command} -o json --profile {profile}");
            let who = sandbox.kt_line(&line).run();
            assert_eq!(who.ok().text_at("/scope"), scope, "{who}");
            assert_eq!(who.text_at("/control_plane"), url);
        }
        let shown = sandbox
            .kt_line("auth token")
            .env("KT_PROFILE", profile)
            .run();
        assert_eq!(
            (shown.ok().stdout.trim(), shown.stderr.as_str()),
            (held.as_str(), "")
        );
    }
    let names = |profile: &str| {
        let line = format!("gateway list -o json --profile {profile}");
        sandbox
            .kt_line(&line)
            .run()
            .ok()
            .json()
            .as_array()
            .map_or(0, Vec::len)
    };
    assert_eq!((names("default"), names("b")), (1, 0));
    let list = sandbox.kt_line("auth list -o json --profile b").run();
    golden("list", &list);
    list.stdout_excludes(&read).stdout_excludes(&a.token);
    let active: Vec<String> = list
        .json()
        .as_array()
        .into_iter()
        .flatten()
        .filter(|row| row["active"] == true && row["token"] == true)
        .map(|row| row["profile"].to_string())
        .collect();
    assert_eq!(active, ["\"b\""]);
    golden("token", &sandbox.kt_line("auth token -o json").run());
}

#[test]
fn a_rejected_token_changes_nothing() {
    let sandbox = Sandbox::new();
    let (server, other) = (Server::start(), Server::start());
    let strange = &other.token;
    let mistyped = format!("{}x", &server.token[..server.token.len() - 1]);
    let file = sandbox.profile("default");
    let attempts = |state: &str| {
        let refused = |run: TestCommand, code: i32, token: &str| {
            let output = run.run();
            output.exits(code).stdout_is_empty().stderr_excludes(token);
            let now = fs::read_to_string(&file).unwrap_or_default();
            assert_eq!(now, state, "{output}");
            output
        };
        drop(refused(login(&sandbox, &server, strange, ""), 4, strange));
        drop(refused(
            login(&sandbox, &server, &mistyped, ""),
            4,
            &mistyped,
        ));
        drop(refused(
            login(&sandbox, &server, "hunter2-hunter2", "-vvv"),
            4,
            "hunter2",
        ));
        drop(refused(login(&sandbox, &server, "", ""), 2, "kt_at_"));
        let to = |url: &str| {
            let line = format!("auth login --api-url {url}");
            sandbox.kt_line(&line).stdin(server.token.clone())
        };
        let away = refused(to("http://127.0.0.1:1"), 7, &server.token);
        away.stderr_contains("127.0.0.1:1");
        let clear = refused(to("http://192.0.2.1"), 3, &server.token);
        clear.stderr_contains("in clear");
        drop(refused(to("http://me:hunter2@127.0.0.1:1"), 3, "hunter2"));
    };
    attempts("");
    assert!(!file.exists());
    let nowhere = sandbox.kt_line("auth login").stdin(strange.clone()).run();
    nowhere
        .exits(2)
        .stdout_is_empty()
        .stderr_contains("--api-url");
    login(&sandbox, &server, &server.token, "").run().ok();
    attempts(&fs::read_to_string(&file).expect("it was written"));
    // There is no option for the token: arguments are visible to all users.
    sandbox.kt_line("auth login --token x").run().exits(2);
}

#[test]
fn a_token_file_must_be_private() {
    let sandbox = Sandbox::new();
    let server = Server::start();
    let file = sandbox.write("a.token", format!("{}\n", server.token));
    let line = format!("auth login --token-file a.token --api-url {}", server.url());
    fs::set_permissions(&file, Permissions::from_mode(0o644)).expect("it is ours");
    let open = sandbox.kt_line(&line).run();
    open.exits(2)
        .stdout_is_empty()
        .stderr_excludes(&server.token);
    open.stderr_contains(&format!("chmod 600 '{}'", file.display()));
    assert!(!sandbox.profile("default").exists());
    fs::set_permissions(&file, Permissions::from_mode(0o600)).expect("it is ours");
    sandbox.kt_line(&line).run().ok();
    sandbox.kt_line("whoami").run().ok();
    let absent = "auth login --token-file absent --api-url http://127.0.0.1:1";
    sandbox.kt_line(absent).run().exits(2).stdout_is_empty();
}

#[test]
fn a_login_keeps_other_settings_and_rejects_an_accessible_profile() {
    let sandbox = Sandbox::new();
    let server = Server::start();
    let other = "[gateway]\ntoken = \"kt_gk_other\"\n";
    let file = sandbox.write_profile("work", other);
    login(&sandbox, &server, &server.token, "--profile work")
        .run()
        .ok();
    let text = fs::read_to_string(&file).expect("it is there");
    assert!(
        text.contains(other) && text.contains(&server.token),
        "{text}"
    );
    assert_eq!(mode(&file), 0o600);
    // The profile contains the address.
    let again = sandbox
        .kt_line("auth login --profile work")
        .stdin(server.token.clone());
    again.run().ok().stdout_contains(&server.url());
    fs::set_permissions(&file, Permissions::from_mode(0o604)).expect("it is ours");
    let open = login(&sandbox, &server, &server.token, "--profile work").run();
    open.exits(3)
        .stdout_is_empty()
        .stderr_contains("chmod 600")
        .stderr_excludes(&server.token);
    let bad = login(&sandbox, &server, &server.token, "--profile ../config").run();
    bad.exits(3)
        .stdout_is_empty()
        .stderr_contains("not a valid profile name");
}

#[test]
fn the_environment_takes_precedence_over_the_login_and_is_reported() {
    let sandbox = Sandbox::new();
    let server = Server::start();
    let read = token_of(&sandbox, &server, "read");
    let variable = "KEEPTRUSTS_API_TOKEN";
    let warned = login(&sandbox, &server, &server.token, "")
        .env(variable, &read)
        .run();
    warned
        .ok()
        .stdout_contains("admin")
        .stderr_contains(variable)
        .stderr_excludes(&read);
    let scope = |run: TestCommand| run.run().ok().text_at("/scope");
    assert_eq!(scope(sandbox.kt_line("whoami -o json")), "admin");
    assert_eq!(
        scope(sandbox.kt_line("whoami -o json").env(variable, &read)),
        "read"
    );
    let shown = sandbox
        .kt_line("auth token -o json")
        .env(variable, &read)
        .run();
    assert_eq!(shown.ok().text_at("/token"), read);
    assert_eq!(shown.text_at("/origin"), variable);
    assert_eq!(shown.text_at("/hint"), read[..9]);
    let out = sandbox.kt_line("auth logout").env(variable, &read).run();
    out.ok().stderr_contains(variable).stderr_excludes(&read);
    let still = sandbox.kt_line("auth logout").env(variable, &read).run();
    still
        .ok()
        .stderr_contains("not logged in")
        .stderr_contains(variable);
    // The address in the environment takes precedence too.
    login(&sandbox, &server, &server.token, "").run().ok();
    let elsewhere = sandbox
        .kt_line("gateway list")
        .env("KEEPTRUSTS_API_URL", "http://127.0.0.1:1")
        .run();
    elsewhere.exits(7).stderr_contains("127.0.0.1:1");
}

#[test]
fn the_list_contains_profiles_of_both_kinds_and_reports_unusable_ones() {
    let sandbox = Sandbox::new();
    let none = sandbox.kt_line("auth list").run();
    none.ok().stderr_contains("kt auth login");
    sandbox.write_settings(
        "[profile.\"a b\".api]\nurl = \"http://t.test\"\n[profile.both.api]\ntoken = \"t\"\n",
    );
    sandbox.write_profile("both", "[api]\nurl = \"http://hunter2/x@f.test\"\n");
    sandbox.write_profile("no name", "[api]\nurl = \"http://ignored.test\"\n");
    let open = sandbox.write_profile("open", "[api]\nurl = \"http://open.test\"\n");
    fs::set_permissions(&open, Permissions::from_mode(0o644)).expect("it is ours");
    let output = sandbox.kt_line("auth list -o json").run();
    let rows = output.ok().json();
    let row = |at: usize| {
        let text = |key: &str| rows[at][key].as_str().unwrap_or_default().to_owned();
        (text("profile"), text("server"), rows[at]["token"] == true)
    };
    let expected = |name: &str, server: &str, token| (name.to_owned(), server.to_owned(), token);
    assert_eq!(row(0), expected("a b", "http://t.test", false));
    assert_eq!(row(1), expected("both", "http://***@f.test", true));
    assert_eq!(row(2), expected("open", "", false));
    assert_eq!(rows.as_array().map(Vec::len), Some(3), "{output}");
    output.stderr_contains("not private");
}

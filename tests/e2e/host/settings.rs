//! Settings: sources, precedence, and errors.

use crate::harness::Sandbox;
use serde_json::Value;

const CANARY: &str = "kt_at_canary-of-the-settings-test";

/// Returns the row of a setting in `kt config show`.
fn setting(sandbox: &Sandbox, key: &str, profile: &str, env: Option<(&str, &str)>) -> Value {
    let mut run = sandbox.kt_line(&format!("config show -o json {profile}"));
    if let Some((name, value)) = env {
        run = run.env(name, value);
    }
    let output = run.run();
    let rows = output.ok().json();
    let row = rows
        .as_array()
        .into_iter()
        .flatten()
        .find(|r| r["key"] == key);
    row.unwrap_or_else(|| panic!("no `{key}`{output}")).clone()
}

#[test]
fn the_source_with_the_highest_precedence_is_used() {
    let sandbox = Sandbox::new();
    let url = |profile: &str, env| setting(&sandbox, "api.url", profile, env);
    let unset = url("", None);
    assert_eq!(
        (&unset["value"], &unset["origin"]),
        (&Value::Null, &"unset".into())
    );
    let file = sandbox.write_settings(
        "[api]\nurl = \"http://file.test\"\n[profile.work.api]\nurl = \"http://profile.test\"\n",
    );
    let from_file = url("", None);
    assert_eq!(from_file["value"], "http://file.test");
    assert_eq!(from_file["origin"], file.display().to_string());
    let from_profile = url("--profile work", None);
    assert_eq!(from_profile["value"], "http://profile.test");
    assert!(
        from_profile["origin"]
            .as_str()
            .is_some_and(|o| o.starts_with("profile work in"))
    );
    let from_env = url(
        "--profile work",
        Some(("KEEPTRUSTS_API_URL", "http://env.test")),
    );
    assert_eq!(from_env["value"], "http://env.test");
    assert_eq!(from_env["origin"], "KEEPTRUSTS_API_URL");
    // The option has the highest precedence; nothing listens on port 1.
    let output = sandbox
        .kt_line("gateway list --api-url http://127.0.0.1:1")
        .env("KEEPTRUSTS_API_URL", "http://env.test")
        .run();
    output
        .exits(7)
        .stderr_contains("127.0.0.1:1")
        .stderr_excludes("env.test");
}

#[test]
fn a_profile_is_selected_by_option_variable_or_file() {
    let sandbox = Sandbox::new();
    sandbox.write_settings(
        "default_profile = \"a\"\n[profile.a.api]\nurl = \"http://a.test\"\n[profile.b.api]\nurl = \"http://b.test\"\n[profile.c.api]\nurl = \"http://c.test\"\n",
    );
    let url = |profile: &str, env| setting(&sandbox, "api.url", profile, env)["value"].clone();
    assert_eq!(url("", None), "http://a.test");
    assert_eq!(url("", Some(("KT_PROFILE", "b"))), "http://b.test");
    assert_eq!(
        url("--profile c", Some(("KT_PROFILE", "b"))),
        "http://c.test"
    );
}

#[test]
fn an_unknown_profile_is_a_settings_error() {
    let sandbox = Sandbox::new();
    for line in [
        "config show --profile nobody",
        "gateway list --profile nobody",
    ] {
        let output = sandbox.kt_line(line).run();
        output
            .exits(3)
            .stdout_is_empty()
            .stderr_contains("`nobody`")
            .stderr_contains("[profile.nobody]");
    }
}

#[test]
fn an_invalid_file_is_reported_with_its_position() {
    let sandbox = Sandbox::new();
    let file = sandbox.write_settings("[api]\nurl = 'x'\nurl = 'y'\n");
    for line in ["config show", "gateway list"] {
        let output = sandbox.kt_line(line).run();
        output
            .exits(3)
            .stdout_is_empty()
            .stderr_contains(&format!("{}:3:1", file.display()));
    }
    let error = sandbox.kt_line("gateway list -o json").run().error();
    assert_eq!(error["location"]["line"], 3);
    assert_eq!(error["class"], "settings");
    // Commands that help to fix the file must work.
    for line in ["version", "plugin list", "--help", "completion bash"] {
        sandbox.kt_line(line).run().ok();
    }
    sandbox
        .kt_line("doctor")
        .run()
        .exits(1)
        .stdout_contains("settings");
}

#[test]
fn values_of_secrets_are_not_printed() {
    let sandbox = Sandbox::new();
    sandbox.write_settings(&format!("[api]\ntoken = \"{CANARY}\"\n"));
    for format in ["table", "wide", "json", "yaml", "name"] {
        for line in ["config show", "doctor", "version -vvv"] {
            let output = sandbox.kt_line(&format!("{line} -o {format}")).run();
            output.stdout_excludes(CANARY).stderr_excludes(CANARY);
        }
    }
    let row = setting(&sandbox, "api.token", "", None);
    assert_eq!(row["value"], "(set)");
    let output = sandbox
        .kt_line("gateway list --api-url http://127.0.0.1:1 -vvv -o json")
        .env("KEEPTRUSTS_API_TOKEN", CANARY)
        .run();
    output
        .exits(7)
        .stdout_excludes(CANARY)
        .stderr_excludes(CANARY);
    // Secrets are never options, because other users can see arguments.
    sandbox.kt_line("gateway list --api-token x").run().exits(2);
    sandbox
        .kt_line("gateway list --help")
        .run()
        .ok()
        .stdout_excludes("--api-token");
}

/// A password in the URL would be printed wherever the URL is.
#[test]
fn a_password_in_the_url_is_refused_and_not_printed() {
    let sandbox = Sandbox::new();
    for url in [
        "http://user:hunter2@127.0.0.1:1",
        "http://user:hun/hunter2@127.0.0.1:1",
        "http://user:hunter2/ter@127.0.0.1:1",
    ] {
        for line in [
            "gateway list -vvv",
            "gateway list -vvv -o json",
            "gateway run --id x --listen 127.0.0.1:0 -vvv",
        ] {
            let output = sandbox
                .kt_line(line)
                .env("KEEPTRUSTS_API_URL", url)
                .env("KT_LOG", "trace")
                .run();
            output
                .exits(3)
                .stdout_is_empty()
                .stderr_excludes("hunter2")
                .stderr_contains("token");
        }
        let output = sandbox
            .kt_line("doctor")
            .env("KEEPTRUSTS_API_URL", url)
            .run();
        output
            .exits(1)
            .stdout_excludes("hunter2")
            .stderr_excludes("hunter2");
    }
    // This may be a URL with an `@` in the path: it is used, but not printed.
    for line in ["gateway list -vvv", "whoami -o json", "doctor"] {
        let output = sandbox
            .kt_line(line)
            .env("KEEPTRUSTS_API_URL", "http://127.0.0.1:1/hunter2@host")
            .run();
        output.stdout_excludes("hunter2").stderr_excludes("hunter2");
        assert_ne!(output.code(), Some(0), "{output}");
    }
}

#[test]
fn kt_home_replaces_the_directories() {
    let sandbox = Sandbox::new();
    let state = setting(&sandbox, "dirs.state", "", None);
    let home = sandbox.home();
    assert_eq!(state["value"], home.join("state").display().to_string());
    let output = sandbox
        .kt_line("config show -o json")
        .unset("KT_HOME")
        .run();
    let xdg = sandbox.root().join("xdg/state/kt");
    output
        .ok()
        .stdout_contains(&xdg.display().to_string())
        .stdout_contains("XDG");
    let bare = sandbox
        .kt_line("config show -o json")
        .unset("KT_HOME")
        .unset("XDG_STATE_HOME")
        .run();
    let fallback = sandbox.root().join("home/.local/state/kt");
    bare.ok().stdout_contains(&fallback.display().to_string());
}

#[test]
fn config_show_hides_a_password_in_a_url() {
    let sandbox = Sandbox::new();
    for (address, row) in [
        ("https://me:CANARY@cp.test/v1", "https://***@cp.test/v1"),
        ("https://me:CAN/ARY@cp.test", "https://***@cp.test"),
        ("me:CANARY//x@cp.test", "***@cp.test"),
        ("https://cp.test/v1", "https://cp.test/v1"),
    ] {
        let env = Some(("KEEPTRUSTS_API_URL", address));
        assert_eq!(setting(&sandbox, "api.url", "", env)["value"], row);
    }
}

/// A misspelled `api.url` would silently select the embedded store.
#[test]
fn every_command_warns_of_a_setting_that_nothing_reads() {
    let sandbox = Sandbox::new();
    let plain = ["version", "gateway list -o json", "policy schema"];
    let before = plain.map(|line| sandbox.kt_line(line).run().ok().stdout.clone());
    sandbox.write_settings("[api]\nurll = 'https://control.example'\n");
    for (line, before) in plain.into_iter().zip(before) {
        let output = sandbox.kt_line(line).run();
        assert_eq!(output.ok().stdout, before, "{line}");
        let warnings = output.stderr.matches("`api.urll`").count();
        assert_eq!(warnings, 1, "{line}: {}", output.stderr);
        output.stderr_contains("did you mean `api.url`?");
        let quiet = sandbox.kt_line(&format!("{line} -q")).run();
        quiet.ok().stderr_excludes("urll");
    }
    // Its plugin is not used.
    sandbox.write_settings("[api]\nurl = 'https://control.example'\n");
    let output = sandbox.kt_line("version --no-plugins").run();
    output.ok().stderr_excludes("warning");
}

#[test]
fn settings_are_changed_and_comments_are_kept() {
    let sandbox = Sandbox::new();
    let file = sandbox.write_settings("# mine\n[api]\n# the server\nurl = 'http://127.0.0.1:1'\n");
    let kt = |line: &str| sandbox.kt_line(line).run();
    kt("config set api.url http://127.0.0.1:2").ok();
    kt("config set plugins.isolate one two").ok();
    kt("config set providers.kt.service/1 systemd").ok();
    let text = std::fs::read_to_string(&file).expect("it is there");
    assert!(
        text.starts_with("# mine\n[api]\n# the server\nurl = \"http://127.0.0.1:2\"\n"),
        "{text}"
    );
    assert!(text.contains("isolate = [\"one\", \"two\"]"), "{text}");
    assert_eq!(
        setting(&sandbox, "api.url", "", None)["value"],
        "http://127.0.0.1:2"
    );
    kt("config unset api.url").ok();
    kt("config unset api.url").ok().stderr_contains("not set");
    for (line, code, text) in [
        ("config set api.urll x", 2, "did you mean `api.url`?"),
        ("config set api.token x", 2, "kt auth login"),
        ("config set api.url a b", 2, "one value"),
        ("config set api.url", 2, "VALUE"),
    ] {
        kt(line).exits(code).stderr_contains(text);
    }
    let before = std::fs::read_to_string(&file).expect("it is there");
    let editor = |script: &str| {
        let script = sandbox.write("editor", format!("#!/bin/sh\n{script}\n"));
        sandbox
            .kt_line("config edit")
            .env("EDITOR", format!("sh {}", script.display()))
            .run()
    };
    let broken = editor("echo '[[' >> \"$1\"");
    broken.exits(3).stderr_contains("is unchanged");
    editor("exit 3").exits(2);
    editor("true").ok().stderr_contains("unchanged");
    assert_eq!(std::fs::read_to_string(&file).expect("it is there"), before);
    editor("echo \"default_profile = 'work'\" > \"$1\"").ok();
    assert_eq!(
        std::fs::read_to_string(&file).expect("it is there"),
        "default_profile = 'work'\n"
    );
}

#[test]
fn auth_switch_selects_another_default_profile() {
    let sandbox = Sandbox::new();
    sandbox.write_settings("default_profile = 'gone' # why\n");
    sandbox.write_profile("work", "[api]\nurl = 'http://127.0.0.1:1'\n");
    sandbox.kt_line("auth switch work").run().ok();
    let file = sandbox.home().join("config/config.toml");
    let text = std::fs::read_to_string(file).expect("it is there");
    assert_eq!(text, "default_profile = \"work\" # why\n");
    assert_eq!(
        setting(&sandbox, "api.url", "", None)["value"],
        "http://127.0.0.1:1"
    );
    let unreachable = sandbox.kt_line("gateway list").run();
    unreachable
        .exits(7)
        .stderr_contains("the address is from profile work");
    let other = sandbox.kt_line("auth switch wrk").run();
    other.exits(5).stderr_contains("did you mean `work`?");
}

//! A stored token appears only in its file and in the output of `kt auth token`.

use super::auth::{login, token_of};
use crate::gateway::Server;
use crate::harness::{Sandbox, TestCommand, files_below};
use std::fs::{self, Permissions};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

/// Commands that use the login, including some that fail.
const LINES: [&str; 16] = [
    "auth list",
    "auth whoami",
    "whoami",
    "config show",
    "doctor",
    "gateway list",
    "gateway inspect --id absent",
    "gateway create --name production",
    "gateway install --id production --print --no-linger --backend systemd",
    "gateway run --id absent --listen 127.0.0.1:0",
    "token list",
    "token revoke --token-id tok_aaaaaaaaaaaaaaaa",
    "audit list",
    "version",
    "whoami --api-url http://127.0.0.1:1",
    "whoami --api-url http://192.0.2.1",
];

#[test]
fn only_auth_token_shows_the_token() {
    let sandbox = Sandbox::new();
    let server = Server::start();
    let token = token_of(&sandbox, &server, "admin");
    // The part after the hint is secret.
    let canary = &token[9..];
    let file = sandbox.write("a.token", &token);
    fs::set_permissions(&file, Permissions::from_mode(0o600)).expect("it is ours");
    let from_file = format!(
        "auth login --token-file a.token --api-url {} -vvv",
        server.url()
    );
    let noisy = |run: TestCommand| run.env("KT_LOG", "trace").run();
    for format in ["table", "json", "yaml", "name"] {
        let output = noisy(login(
            &sandbox,
            &server,
            &token,
            &format!("-vvv -o {format}"),
        ));
        output.ok().stdout_excludes(canary).stderr_excludes(canary);
        let output = noisy(sandbox.kt_line(&format!("{from_file} -o {format}")));
        output.ok().stdout_excludes(canary).stderr_excludes(canary);
        for line in LINES {
            let output = noisy(sandbox.kt_line(&format!("{line} -vvv -o {format}")));
            output.stdout_excludes(canary).stderr_excludes(canary);
        }
        let shown = noisy(sandbox.kt_line(&format!("auth token -o {format}")));
        shown.ok().stdout_contains(canary).stderr_excludes(canary);
    }
    fs::remove_file(file).expect("it is ours");
    assert_eq!(with(&sandbox, canary), [sandbox.profile("default")]);
    assert!(with(&server.home, canary).is_empty());

    let open = Permissions::from_mode(0o644);
    fs::set_permissions(sandbox.profile("default"), open).expect("it is ours");
    for line in LINES.into_iter().chain(["auth token", "auth logout"]) {
        let output = noisy(sandbox.kt_line(&format!("{line} -vvv")));
        output.stdout_excludes(canary).stderr_excludes(canary);
    }
    fs::remove_file(sandbox.profile("default")).expect("it is ours");
    login(&sandbox, &server, &token, "").run().ok();
    let out = noisy(sandbox.kt_line("auth logout --revoke -vvv -o json"));
    out.ok().stdout_excludes(canary).stderr_excludes(canary);
    assert!(with(&sandbox, canary).is_empty());
    assert!(with(&server.home, canary).is_empty());
}

/// Returns the files of a sandbox that contain a text.
fn with(sandbox: &Sandbox, text: &str) -> Vec<PathBuf> {
    let all = files_below(sandbox.root(), &[]);
    assert!(!all.is_empty());
    let holds = |path: &PathBuf| {
        let bytes = fs::read(path).unwrap_or_default();
        bytes.windows(text.len()).any(|w| w == text.as_bytes())
    };
    all.into_iter().filter(holds).collect()
}

/// Arguments and environment of a process may be visible to other users.
#[test]
fn a_waiting_login_has_no_token_in_arguments_or_environment() {
    let sandbox = Sandbox::new();
    let server = Server::start();
    let (reader, mut writer) = std::io::pipe().expect("there are pipes");
    let line = format!("auth login --api-url {}", server.url());
    let process = sandbox.kt_line(&line).stdin_from(reader).spawn();
    writer
        .write_all(server.token.as_bytes())
        .expect("it is read");
    for part in ["cmdline", "environ"] {
        let Ok(bytes) = fs::read(format!("/proc/{}/{part}", process.id())) else {
            continue;
        };
        let text = String::from_utf8_lossy(&bytes).into_owned();
        assert!(!text.contains(&server.token), "{text}");
    }
    drop(writer);
    process.wait(std::time::Duration::from_secs(60)).ok();
}

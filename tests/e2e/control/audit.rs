//! `kt audit list`, `export` and `verify`.

use crate::gateway::{Mode, Server, World};
use crate::harness::{Sandbox, execute_sql, tool};
use serde_json::Value;
use std::fs;
use std::os::unix::fs::PermissionsExt;

/// Returns a sandbox with four changes: `a` created, `b` created, `a` described, a token created.
fn with_changes() -> Sandbox {
    let sandbox = Sandbox::new();
    for line in [
        "gateway create --name a",
        "gateway create --name b",
        "gateway update --id a --description x",
        "token create --name t --scope read",
    ] {
        sandbox.kt_line(line).run().ok();
    }
    sandbox
}

#[test]
fn the_audit_log_shows_who_changed_what() {
    let sandbox = with_changes();
    let list = |rest: &str| sandbox.kt_line(&format!("audit list {rest} -o json")).run();
    let all = list("");
    let rows = all.ok().json();
    let actions: Vec<_> = rows
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|row| row["action"].as_str())
        .collect();
    let expected = [
        "token.create",
        "gateway.update",
        "gateway.create",
        "gateway.create",
    ];
    assert_eq!(actions, expected, "{all}");
    let uid = rustix::process::geteuid().as_raw();
    assert_eq!(rows[0]["actor"], format!("uid:{uid}"));
    let count = |rest: &str| list(rest).ok().json().as_array().map_or(0, Vec::len);
    assert_eq!(count("--target a"), 2, "by name of the gateway");
    assert_eq!(count(&format!("--actor uid:{uid} --since 1h")), 4);
    assert_eq!(count("--actor uid:4294967294"), 0);
    assert_eq!(count("--action gateway.create"), 2);
    assert_eq!(count("--until 1h"), 0);
    assert_eq!(count("--since 2026-01-31"), 4);
    assert_eq!(count("--until 2026-01-31T12:00:00Z"), 0);
    let oldest = list("--order oldest --limit 1").ok().json();
    assert_eq!(oldest[0]["seq"], 1);
    list("--since yesterday").exits(2).stderr_contains("an age");
    list("--limit 3")
        .ok()
        .stderr_contains("there are more: --limit, --all");
    list("--target absent").exits(5).stdout_is_empty();
    list("--since 99999999d").exits(2).stdout_is_empty();
    list("--until 99999999d").exits(2).stdout_is_empty();
}

#[test]
fn the_audit_log_is_exported_to_a_private_file() {
    let sandbox = with_changes();
    let export = |rest: &str| sandbox.kt_line(&format!("audit export {rest}")).run();
    export("--output-file audit.jsonl").ok();
    let file = sandbox.path("audit.jsonl");
    let mode = fs::metadata(&file)
        .expect("it was made")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let text = fs::read_to_string(&file).expect("it was made");
    let rows = text.lines().map(serde_json::from_str::<Value>);
    let rows: Vec<Value> = rows.map(|row| row.expect("a row")).collect();
    let numbers: Vec<_> = rows.iter().map(|row| row["seq"].as_u64()).collect();
    assert_eq!(numbers, [Some(1), Some(2), Some(3), Some(4)]);
    let verified = sandbox.kt_line("audit verify -o json").run();
    let head = verified.ok().text_at("/head");
    let last = rows[3]["hash"].as_str().unwrap_or_default();
    assert_eq!(head, format!("4:{last}"), "the hash of the last row");
    export("--output-file audit.jsonl")
        .exits(6)
        .stderr_contains("already exists");
    export("--output-file few.jsonl --target a -o json").ok();
    let few = fs::read_to_string(sandbox.path("few.jsonl")).expect("it was made");
    assert_eq!(few.lines().count(), 2);
    export("--output-file absent/audit.jsonl").exits(7);
}

#[test]
fn without_a_file_the_rows_are_written_to_standard_output() {
    let sandbox = with_changes();
    let export = |rest: &str| sandbox.kt_line(&format!("audit export {rest}"));
    let to_file = "--output-file audit.jsonl";
    export(to_file).run().ok();
    let file = fs::read_to_string(sandbox.path("audit.jsonl")).expect("it was made");
    for format in ["", "-o json"] {
        let output = export(format).run();
        assert_eq!(output.ok().stdout, file, "{output}");
        assert_eq!(output.stderr, "4 rows exported\n", "{output}");
    }
    let few = export("--target a -o name").run();
    assert_eq!(few.ok().stdout, "1\n3\n", "{few}");
    let none = export("--action absent -o json").run();
    assert_eq!(none.ok().stdout, "", "{none}");
    none.stderr_contains("0 rows exported");
    export("--target absent").run().exits(5).stdout_is_empty();

    let (reader, writer) = std::io::pipe().expect("the system has pipes");
    drop(reader);
    let output = export("").stdout_to(writer).run();
    assert_eq!(output.ok().stderr, "", "{output}");
    let full = fs::File::options().write(true).open("/dev/full");
    let output = export("").stdout_to(full.expect("Linux has it")).run();
    output
        .exits(7)
        .stderr_contains("cannot write to standard output");
    output.stderr_excludes("rows exported");
}

#[test]
fn a_server_exports_the_same_as_the_command() {
    let Some(curl) = tool("curl") else { return };
    let server = Server::start();
    for n in 0..3 {
        let create = format!("gateway create --name g{n}");
        server.home.kt_line(&create).run().ok();
    }
    let url = format!("{}/v1/audit/export", server.url());
    let sent = server.home.program(&curl).args(["-sSf", "-H"]);
    let sent = sent.arg(format!("Authorization: Bearer {}", server.token));
    let sent = sent.arg(url).run();
    let export = "audit export --output-file audit.jsonl";
    server.home.kt_line(export).run().ok();
    let file = server.home.path("audit.jsonl");
    let written = fs::read_to_string(file).expect("it was made");
    assert_eq!(sent.ok().stdout, written);
    assert_eq!(written.lines().count(), 4);
}

#[test]
fn damage_to_the_audit_log_is_reported_with_the_row() {
    let Some(python) = tool("python3") else {
        return;
    };
    let sandbox = with_changes();
    let whole = sandbox.kt_line("audit verify -o json").run();
    assert_eq!(whole.ok().json()["result"], "intact", "{whole}");
    assert_eq!(whole.json()["rows"], 4);
    let head = whole.text_at("/head");
    let later = format!("audit verify --head {head}");
    sandbox.kt_line("gateway delete --id b --yes").run().ok();
    sandbox.kt_line(&later).run().ok();

    let free = "DROP TRIGGER audit_immutable; DROP TRIGGER audit_kept;";
    execute_sql(
        &sandbox,
        &python,
        &format!("{free} UPDATE audit SET actor = 'uid:1' WHERE seq = 2"),
    );
    let damaged = sandbox.kt_line("audit verify -o json").run();
    damaged.exits(1);
    assert_eq!(damaged.at("/damage/0/seq"), 2, "{damaged}");
    sandbox
        .kt_line("audit verify")
        .run()
        .exits(1)
        .stdout_contains("the row was changed");

    // Only a stored head shows that rows at the end were removed.
    let uid = rustix::process::geteuid().as_raw();
    let repair = format!("UPDATE audit SET actor = 'uid:{uid}' WHERE seq = 2;");
    execute_sql(
        &sandbox,
        &python,
        &format!("{repair} DELETE FROM audit WHERE seq >= 4"),
    );
    sandbox.kt_line("audit verify").run().ok();
    sandbox
        .kt_line(&later)
        .run()
        .exits(1)
        .stdout_contains("was truncated");
    sandbox
        .kt_line("audit verify --head x")
        .run()
        .exits(2)
        .stdout_is_empty();
}

#[test]
fn the_audit_log_of_a_server_is_verified_by_the_client() {
    let world = World::new(Mode::Server);
    world.kt("gateway create --name a").run().ok();
    let output = world.kt("audit verify -o json").run();
    assert_eq!(
        output.ok().json()["rows"],
        2,
        "the token of the administrator and the gateway{output}"
    );
    world
        .kt("audit verify")
        .env("KEEPTRUSTS_API_TOKEN", "")
        .run()
        .exits(4);
}

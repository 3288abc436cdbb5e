//! `kt control-plane backup`, `restore`, `export`, `import` and `fsck`, on the local store.

use crate::gateway::{Server, example};
use crate::harness::{CommandOutput, Sandbox, execute_sql, tool, wait_until};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A store with a gateway of two versions, and one without any.
fn store() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("one.yaml", example());
    sandbox.write(
        "two.yaml",
        example().replace("version: 1.4.0", "version: 2.0.0"),
    );
    for (line, code) in [
        ("gateway create --name production --file one.yaml", 0),
        ("gateway create --name bare", 0),
        (
            "gateway reload --id production --file two.yaml --no-wait",
            0,
        ),
    ] {
        sandbox.kt_line(line).run().exits(code);
    }
    sandbox
}

fn kt(sandbox: &Sandbox, line: &str) -> CommandOutput {
    sandbox
        .kt_line(&format!("control-plane {line} -o json"))
        .run()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path)
        .expect("the file exists")
        .permissions()
        .mode()
        & 0o777
}

fn last_version(sandbox: &Sandbox) -> u64 {
    let gateway = sandbox
        .kt_line("gateway inspect --id production -o json")
        .run();
    let history = gateway.ok().json()["history"].clone();
    history[0]["version"].as_u64().expect("a number")
}

fn temporary_files(directory: &Path) -> Vec<PathBuf> {
    let names = fs::read_dir(directory).expect("a directory").flatten();
    let paths = names.map(|entry| entry.path());
    let hidden = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.starts_with('.') && name.contains(".db")
    };
    paths.filter(hidden).collect()
}

#[test]
fn a_server_creates_backups_by_schedule_and_on_request() {
    let mut server = Server::with("--backup-every 6h --backup-keep 3");
    let directory = server.home.home().join("state/backups");
    let copies = || {
        let entries = fs::read_dir(&directory).into_iter().flatten().flatten();
        let names = entries.map(|entry| entry.file_name().display().to_string());
        names
            .filter(|name| name.starts_with("control-plane-") && name.ends_with(".db"))
            .collect::<Vec<_>>()
    };
    let first = wait_until("the first backup", Duration::from_secs(20), || {
        copies().pop()
    });
    server.home.kt_line("gateway create --name late").run().ok();
    let requested = kt(&server.home, "backup --server --keep 1");
    let file = requested.ok().text_at("/file");
    assert_eq!(requested.at("/removed/0"), first.as_str());
    assert_eq!(copies(), [file.as_str()]);
    server.terminate();
    let check = format!("fsck --file {}", directory.join(&file).display());
    assert_eq!(kt(&server.home, &check).ok().at("/gateways"), 1);
    kt(&server.home, "backup --server")
        .exits(2)
        .stderr_contains("no server is running");
    kt(&server.home, "backup --keep 0").exits(2);
    for options in ["--backup-every 30s", "--backup-every 1h --backup-keep 0"] {
        kt(&server.home, &format!("serve {options}")).exits(2);
    }
    let shared = "serve --backup-every 1h --database postgres://kt@127.0.0.1:1/kt";
    kt(&server.home, shared).exits(2).stderr_contains("pg_dump");
}

#[test]
fn a_backup_is_private_verified_and_never_overwritten() {
    let sandbox = store();
    let made = kt(&sandbox, "backup --output-file kept.db");
    let file = PathBuf::from(made.ok().text_at("/file"));
    assert_eq!(mode(&file), 0o600);
    if let Some(sha256sum) = tool("sha256sum") {
        let directory = file.parent().expect("a directory");
        let check = sandbox
            .program(&sha256sum)
            .args(["--check", "kept.db.sha256"]);
        check
            .cwd(directory)
            .run()
            .ok()
            .stdout_contains("kept.db: OK");
    }
    kt(&sandbox, "backup --output-file kept.db").exits(6);
    assert_eq!(kt(&sandbox, "fsck --file kept.db").ok().at("/versions"), 2);
    assert!(temporary_files(file.parent().expect("a directory")).is_empty());

    let first = kt(&sandbox, "backup").ok().text_at("/file");
    kt(&sandbox, "backup").ok();
    let third = kt(&sandbox, "backup --keep 2");
    let removed = third.ok().json()["removed"].clone();
    assert!(first.ends_with(removed[0].as_str().expect("one was removed")));
    assert_eq!(mode(&sandbox.home().join("state/backups")), 0o700);
    let absent = Sandbox::new();
    kt(&absent, "backup").exits(5).stdout_is_empty();
    assert!(!absent.home().join("state/control-plane.db").exists());
}

#[test]
fn a_restore_replaces_the_store_and_keeps_the_previous_one() {
    let sandbox = store();
    let epoch = kt(&sandbox, "backup --output-file kept.db")
        .ok()
        .text_at("/epoch");
    let later = "gateway revert --id production --version 1 --no-wait";
    sandbox.kt_line(later).run().ok();
    sandbox.kt_line("gateway create --name late").run().ok();
    kt(&sandbox, "restore --input-file kept.db")
        .exits(2)
        .stderr_contains("--yes");
    let restored = kt(&sandbox, "restore --input-file kept.db --yes");
    assert_eq!(restored.ok().text_at("/from_epoch"), epoch);
    assert_ne!(restored.text_at("/epoch"), epoch);
    assert_eq!(restored.text_at("/checksum"), "matches");
    assert_eq!(last_version(&sandbox), 2);
    sandbox.kt_line("gateway inspect --id late").run().exits(5);
    let previous = restored.text_at("/previous_store");
    let checked = kt(&sandbox, &format!("fsck --file {previous}"));
    assert_eq!(
        (checked.ok().at("/versions"), checked.at("/gateways")),
        (3.into(), 3.into())
    );
    let log = sandbox.kt_line("audit list --limit 1 -o json").run();
    assert_eq!(log.ok().json()[0]["action"], "store.restore");
    assert_eq!(
        sandbox
            .kt_line("audit verify -o json")
            .run()
            .ok()
            .text_at("/result"),
        "intact"
    );
    // Version numbers continue from the backup.
    sandbox.kt_line(later).run().ok();
    assert_eq!(last_version(&sandbox), 3);
}

#[test]
fn a_killed_restore_leaves_the_previous_store() {
    let sandbox = store();
    kt(&sandbox, "backup --output-file kept.db").ok();
    let later = "gateway revert --id production --version 1 --no-wait";
    sandbox.kt_line(later).run().ok();
    let line = "control-plane restore --input-file kept.db --yes";
    let killed = sandbox.kt_line(line).env("KT_CRASH_AT", "restore.aside");
    assert_ne!(killed.run().code(), Some(0));
    assert_eq!(last_version(&sandbox), 3);
    assert_eq!(kt(&sandbox, "fsck").ok().text_at("/result"), "intact");
    sandbox.kt_line(line).run().ok();
    assert_eq!(last_version(&sandbox), 2);
}

#[test]
fn an_invalid_backup_changes_nothing() {
    let sandbox = store();
    let file = kt(&sandbox, "backup --output-file kept.db")
        .ok()
        .text_at("/file");
    let whole = fs::read(&file).expect("a backup");
    let changed = |name: &str, change: &dyn Fn(&mut Vec<u8>), sum: bool| {
        let mut bytes = whole.clone();
        change(&mut bytes);
        let path = sandbox.write(name, bytes);
        if sum {
            let sum = fs::read_to_string(format!("{file}.sha256")).expect("a checksum");
            fs::write(format!("{}.sha256", path.display()), sum).expect("it is written");
        }
    };
    let flip = |bytes: &mut Vec<u8>| *bytes.last_mut().expect("not empty") ^= 1;
    changed("flipped.db", &flip, true);
    changed(
        "truncated.db",
        &|bytes| bytes.truncate(bytes.len() / 2),
        false,
    );
    changed("text.db", &|bytes| *bytes = b"no database".to_vec(), false);
    changed("empty.db", &Vec::clear, false);
    // Intact pages, but a content that does not match its hash.
    let letter = |bytes: &mut Vec<u8>| {
        let text = b"support-gateway";
        let at = bytes.windows(text.len()).position(|found| found == text);
        bytes[at.expect("the configuration is in the backup")] = b'q';
    };
    changed("letter.db", &letter, false);
    let refused = kt(&sandbox, "restore --input-file letter.db --yes");
    refused.stderr_contains("does not match its hash");
    for (name, code) in [
        ("letter.db", 2),
        ("flipped.db", 2),
        ("truncated.db", 2),
        ("text.db", 2),
        ("empty.db", 2),
        ("absent.db", 5),
    ] {
        let refused = kt(&sandbox, &format!("restore --input-file {name} --yes"));
        refused.exits(code).stdout_is_empty();
        assert_eq!(last_version(&sandbox), 2, "{name}");
    }
    for name in ["truncated.db", "text.db", "empty.db", "absent.db"] {
        kt(&sandbox, &format!("fsck --file {name}"))
            .exits(2)
            .stdout_is_empty();
    }
    assert!(temporary_files(&sandbox.home().join("state")).is_empty());
}

#[test]
fn corruption_is_detected_and_reported() {
    let Some(python) = tool("python3") else {
        return;
    };
    let sandbox = store();
    let whole = kt(&sandbox, "fsck");
    assert_eq!(whole.ok().text_at("/result"), "intact", "{whole}");
    for (sql, message) in [
        (
            "UPDATE config_versions SET size = size + 1 WHERE version = 2",
            "bytes",
        ),
        (
            "UPDATE gateways SET last_version = 3 WHERE name = 'production'",
            "2 versions, not 3",
        ),
        (
            "UPDATE blobs SET content = content || '# more'",
            "does not match its hash",
        ),
        (
            "UPDATE audit SET actor = 'nobody' WHERE seq = 1",
            "audit log row 1",
        ),
        (
            "DELETE FROM config_versions WHERE version = 1",
            "in the place of version 1",
        ),
    ] {
        let sandbox = store();
        let triggers = "DROP TRIGGER config_versions_immutable; DROP TRIGGER blobs_immutable;
                        DROP TRIGGER audit_immutable; DROP TRIGGER config_versions_kept;";
        execute_sql(&sandbox, &python, &format!("{triggers} {sql}"));
        let found = kt(&sandbox, "fsck");
        found
            .exits(1)
            .stdout_contains(message)
            .stdout_contains("damaged");
    }
}

#[test]
fn a_gateway_is_transferred_with_its_id_and_versions() {
    let from = store();
    let id = from
        .kt_line("gateway inspect --id production -o json")
        .run()
        .ok()
        .text_at("/id");
    let file = kt(
        &from,
        "export --gateway production --output-file part.jsonl",
    )
    .ok()
    .text_at("/file");
    assert_eq!(mode(Path::new(&file)), 0o600);
    kt(&from, "export --gateway absent --output-file x.jsonl").exits(5);
    let to = Sandbox::new();
    to.kt_line("gateway create --name other").run().ok();
    let imported = kt(&to, &format!("import --input-file {file}"));
    assert_eq!(
        imported.ok().json()["gateways"],
        serde_json::json!([id]),
        "{imported}"
    );
    let content = |sandbox: &Sandbox, version: u64| {
        let line = format!("gateway config --id {id} --version {version}");
        sandbox.kt_line(&line).run().ok().stdout.clone()
    };
    let shown = to
        .kt_line("gateway config --id production --version 1")
        .run();
    shown.ok().stdout_contains("version: 1.4.0");
    assert_eq!(
        content(&from, 2).lines().count(),
        content(&to, 2).lines().count()
    );
    let again = kt(&to, &format!("import --input-file {file}"));
    again.exits(6).stdout_is_empty().stderr_contains(&id);
    assert_eq!(kt(&to, "fsck").ok().at("/gateways"), 2);

    let truncated: String = fs::read_to_string(&file)
        .expect("an export")
        .lines()
        .take(3)
        .map(|l| format!("{l}\n"))
        .collect();
    to.write("truncated.jsonl", truncated);
    let refused = kt(
        &Sandbox::new(),
        &format!(
            "import --input-file {}",
            to.path("truncated.jsonl").display()
        ),
    );
    refused
        .exits(2)
        .stdout_is_empty()
        .stderr_contains("truncated");
}

#[test]
fn a_whole_store_is_transferred_with_its_audit_log() {
    let from = store();
    let file = kt(&from, "export --output-file all.jsonl")
        .ok()
        .text_at("/file");
    let head = |sandbox: &Sandbox| {
        sandbox
            .kt_line("audit verify -o json")
            .run()
            .ok()
            .text_at("/head")
    };
    let to = Sandbox::new();
    kt(&to, &format!("import --input-file {file}")).ok();
    assert_eq!(head(&from), head(&to));
    assert_eq!(kt(&to, "fsck").ok().text_at("/result"), "intact");
}

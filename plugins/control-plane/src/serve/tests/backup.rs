//! Backups that a server makes, asked and by itself.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use kt_control_api::{Method, Request};

use super::exchange::{admin, json as body_of, request, status};
use crate::api::{Handled, Principal};
use crate::fixture::{TestApi, TestServer};
use crate::serve::{Schedule, ServeOptions};
use crate::store::{SqliteStore, Store};

const BACKUP: &str = "POST /v1/admin/backup";

/// Names of the backups, the oldest first.
fn kept(directory: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(directory.join("backups")) else {
        return Vec::new();
    };
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<_> = names
        .filter(|name| name.ends_with(".db") && !name.starts_with('.'))
        .collect();
    names.sort();
    names
}

#[test]
fn a_server_copies_its_store_when_it_is_asked_and_notes_that() {
    let directory = tempfile::tempdir().unwrap();
    let server = TestServer::start(directory.path());
    let admin = admin(&server);
    request(&server, "POST /v1/gateways", &admin, r#"{"name": "edge"}"#);
    let first = body_of(&request(&server, BACKUP, &admin, ""));
    let name = first["file"].as_str().unwrap().to_owned();
    assert_eq!(kept(directory.path()), [&*name]);
    let copy = SqliteStore::open_read_only(&directory.path().join("backups").join(&name)).unwrap();
    assert_eq!(
        copy.find(&crate::store::GatewayRef::Name("edge".to_owned()))
            .unwrap()
            .gateway
            .rev,
        1
    );
    let row = body_of(&request(&server, "GET /v1/audit?limit=1", &admin, ""))["items"][0].clone();
    assert_eq!(
        (row["action"].as_str(), row["target"].as_str()),
        (Some("store.backup"), Some(&*name))
    );
    assert_eq!(row["detail"]["sha256"], first["sha256"]);
    let second = body_of(&request(&server, BACKUP, &admin, r#"{"keep": 1}"#));
    assert_eq!(second["removed"][0], *name);
    assert_eq!(kept(directory.path()), [second["file"].as_str().unwrap()]);
    for keep in ["0", "10001", "-1"] {
        let wish = format!("{{\"keep\": {keep}}}");
        assert_eq!(
            status(&request(&server, BACKUP, &admin, &wish)),
            "422",
            "{keep}"
        );
    }
}

#[test]
fn a_folder_that_takes_nothing_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let server = TestServer::start(directory.path());
    let admin = admin(&server);
    fs::write(directory.path().join("backups"), "in the way").unwrap();
    let answer = request(&server, BACKUP, &admin, "");
    assert_eq!(status(&answer), "503");
    assert_eq!(body_of(&answer)["code"], "storage-failed");
}

#[test]
fn no_command_makes_the_backup_of_a_server() {
    let bench = TestApi::new();
    let refused = bench
        .client()
        .back_up(&kt_control_api::BackupRequest::default());
    assert!(refused.unwrap_err().to_string().contains("no server runs"));
}

#[test]
fn backups_are_made_by_the_clock_and_the_oldest_go() {
    let directory = tempfile::tempdir().unwrap();
    let options = |every| ServeOptions {
        backups: Some(Schedule { every, keep: 2 }),
        ..TestServer::options(directory.path())
    };
    let end = Instant::now() + Duration::from_secs(20);
    let until = |done: &dyn Fn(&[String]) -> bool| {
        while !done(&kept(directory.path())) {
            assert!(
                Instant::now() < end,
                "waited in vain: {:?}",
                kept(directory.path())
            );
            thread::sleep(Duration::from_millis(2));
        }
    };
    let server = TestServer::start_with(options(Duration::from_millis(50))).unwrap();
    until(&|kept| kept.len() == 2);
    let first = kept(directory.path());
    until(&|kept| kept.len() == 2 && !kept.contains(&first[0]) && !kept.contains(&first[1]));
    drop(server);
    let before = kept(directory.path());
    // The newest is not old enough yet.
    let server = TestServer::start_with(options(Duration::from_secs(3600))).unwrap();
    let admin = admin(&server);
    request(&server, BACKUP, &admin, "");
    assert_eq!(
        kept(directory.path()).len(),
        before.len() + 1,
        "the one that was asked for"
    );
}

#[test]
fn under_load_every_backup_is_whole_and_noted() {
    let directory = tempfile::tempdir().unwrap();
    let server = TestServer::limited(directory.path(), 0);
    let admin = admin(&server);
    let (server, admin, over) = (&server, &admin, &AtomicBool::new(false));
    thread::scope(|scope| {
        for writer in 0..4 {
            scope.spawn(move || {
                for n in 0.. {
                    if over.load(Ordering::SeqCst) {
                        break;
                    }
                    let new = format!("{{\"name\": \"g{writer}-{n}\"}}");
                    assert_eq!(
                        status(&request(server, "POST /v1/gateways", admin, &new)),
                        "201"
                    );
                }
            });
        }
        let made: Vec<_> = (0..3).map(|_| request(server, BACKUP, admin, "")).collect();
        over.store(true, Ordering::SeqCst);
        assert!(
            made.iter().all(|answer| status(answer) == "201"),
            "{made:?}"
        );
    });
    let line = "GET /v1/audit?action=store.backup";
    let noted = body_of(&request(server, line, admin, ""));
    assert_eq!(noted["items"].as_array().unwrap().len(), 3);
    for name in kept(directory.path()) {
        let copy =
            SqliteStore::open_read_only(&directory.path().join("backups").join(name)).unwrap();
        assert!(copy.integrity_errors().unwrap().is_empty());
    }
}

#[test]
fn a_database_is_backed_up_by_its_own_tools() {
    let bench = TestApi::new();
    let api = bench.api.clone().backed_up(None);
    let wish = Request::new(Method::Post, "/v1/admin/backup");
    let Handled::Done(answer) = api.begin(&wish, &Principal::local_user(0)) else {
        panic!("it waits for nothing");
    };
    assert_eq!(answer.response.status, 501);
    assert!(answer.response.body.unwrap().contains("pg_dump"));
    let Handled::Done(answer) = api.begin(
        &wish.with_json(r#"{"keep": 0}"#.to_owned()),
        &Principal::local_user(0),
    ) else {
        panic!("it waits for nothing");
    };
    assert_eq!(answer.response.status, 422, "what is wrong is told first");
}

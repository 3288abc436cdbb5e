//! Backups of a server, on request and scheduled.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use kt_control_api::{Method, Request};

use super::exchange::{admin, json as body_of, request, status};
use crate::api::{Principal, Reply};
use crate::fixture::{TestApi, TestServer};
use crate::serve::{BackupSchedule, ServeOptions};
use crate::store::{SqliteStore, Store};

const BACKUP: &str = "POST /v1/admin/backup";

/// Returns the names of the backups, oldest first.
fn backup_names(directory: &Path) -> Vec<String> {
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
fn a_requested_backup_is_created_and_audited() {
    let directory = tempfile::tempdir().unwrap();
    let server = TestServer::start(directory.path());
    let admin = admin(&server);
    request(&server, "POST /v1/gateways", &admin, r#"{"name": "edge"}"#);
    let first = body_of(&request(&server, BACKUP, &admin, ""));
    let name = first["file"].as_str().unwrap().to_owned();
    assert_eq!(backup_names(directory.path()), [&*name]);
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
    assert_eq!(
        backup_names(directory.path()),
        [second["file"].as_str().unwrap()]
    );
    for keep in ["0", "10001", "-1"] {
        let body = format!("{{\"keep\": {keep}}}");
        assert_eq!(
            status(&request(&server, BACKUP, &admin, &body)),
            "422",
            "{keep}"
        );
    }
}

#[test]
fn an_unwritable_directory_is_reported() {
    let directory = tempfile::tempdir().unwrap();
    let server = TestServer::start(directory.path());
    let admin = admin(&server);
    fs::write(directory.path().join("backups"), "not a directory").unwrap();
    let response = request(&server, BACKUP, &admin, "");
    assert_eq!(status(&response), "503");
    assert_eq!(body_of(&response)["code"], "storage-failed");
}

#[test]
fn an_embedded_control_plane_creates_no_backup() {
    let test_api = TestApi::new();
    let refused = test_api
        .client()
        .back_up(&kt_control_api::BackupRequest::default());
    assert!(
        refused
            .unwrap_err()
            .to_string()
            .contains("no server is running")
    );
}

#[test]
fn backups_are_scheduled_and_the_oldest_are_removed() {
    let directory = tempfile::tempdir().unwrap();
    let options = |interval| ServeOptions {
        backups: Some(BackupSchedule { interval, keep: 2 }),
        ..TestServer::options(directory.path())
    };
    let end = Instant::now() + Duration::from_secs(20);
    let until = |done: &dyn Fn(&[String]) -> bool| {
        while !done(&backup_names(directory.path())) {
            assert!(
                Instant::now() < end,
                "timed out: {:?}",
                backup_names(directory.path())
            );
            thread::sleep(Duration::from_millis(2));
        }
    };
    let server = TestServer::start_with(options(Duration::from_millis(50))).unwrap();
    until(&|kept| kept.len() == 2);
    let first = backup_names(directory.path());
    until(&|kept| kept.len() == 2 && !kept.contains(&first[0]) && !kept.contains(&first[1]));
    drop(server);
    let before = backup_names(directory.path());
    // The newest backup is not old enough yet.
    let server = TestServer::start_with(options(Duration::from_secs(3600))).unwrap();
    let admin = admin(&server);
    request(&server, BACKUP, &admin, "");
    assert_eq!(
        backup_names(directory.path()).len(),
        before.len() + 1,
        "the requested one"
    );
}

#[test]
fn under_load_every_backup_is_intact_and_audited() {
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
        let created: Vec<_> = (0..3).map(|_| request(server, BACKUP, admin, "")).collect();
        over.store(true, Ordering::SeqCst);
        assert!(
            created.iter().all(|response| status(response) == "201"),
            "{created:?}"
        );
    });
    let line = "GET /v1/audit?action=store.backup";
    let audited = body_of(&request(server, line, admin, ""));
    assert_eq!(audited["items"].as_array().unwrap().len(), 3);
    for name in backup_names(directory.path()) {
        let copy =
            SqliteStore::open_read_only(&directory.path().join("backups").join(name)).unwrap();
        assert!(copy.integrity_errors().unwrap().is_empty());
    }
}

#[test]
fn a_database_is_backed_up_with_its_own_tools() {
    let test_api = TestApi::new();
    let api = test_api.api.clone().with_backups(None);
    let request = Request::new(Method::Post, "/v1/admin/backup");
    let Reply::Complete(response) = api.handle(&request, &Principal::local_user(0)) else {
        panic!("not a complete reply");
    };
    assert_eq!(response.response.status, 501);
    assert!(response.response.body.unwrap().contains("pg_dump"));
    let Reply::Complete(response) = api.handle(
        &request.with_json(r#"{"keep": 0}"#.to_owned()),
        &Principal::local_user(0),
    ) else {
        panic!("not a complete reply");
    };
    assert_eq!(response.response.status, 422, "the body is validated first");
}

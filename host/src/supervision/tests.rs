use super::run::{Ended, Supervised, now};
use kt_plugin_api::{Class, Error};
use std::path::Path;

fn supervised(dir: &Path) -> Supervised {
    Supervised {
        dir: dir.to_owned(),
        park_exit: None,
        log_kept: false,
    }
}

fn parked(dir: &Path) -> Option<serde_json::Value> {
    let bytes = std::fs::read(dir.join("parked.json")).ok()?;
    Some(serde_json::from_slice(&bytes).unwrap())
}

fn failure(class: Class) -> Ended {
    let error = Error::new(class, "some-id", "it does not work").cause("line 3");
    Ended::failed(class.exit_code(), error)
}

#[test]
fn what_trying_again_cannot_cure_parks_with_its_reason() {
    let dir = tempfile::tempdir().unwrap();
    let run = supervised(dir.path());
    run.begin().unwrap();
    assert_eq!(run.end(failure(Class::Settings)), 3);
    let reason = parked(dir.path()).unwrap();
    assert_eq!(
        (&reason["id"], &reason["exit"], &reason["causes"][0]),
        (&"some-id".into(), &3.into(), &"line 3".into())
    );
    // A new try forgets the reason.
    run.begin().unwrap();
    assert!(parked(dir.path()).is_none());
    // A transient failure leaves none, however often it happens.
    for _ in 0..50 {
        run.begin().unwrap();
        assert_eq!(run.end(failure(Class::Unavailable)), 7);
    }
    assert!(parked(dir.path()).is_none());
}

#[test]
fn a_manager_without_exit_codes_is_told_with_zero() {
    let dir = tempfile::tempdir().unwrap();
    let run = Supervised {
        park_exit: Some(0),
        ..supervised(dir.path())
    };
    run.begin().unwrap();
    assert_eq!(run.end(failure(Class::Plugin)), 0);
    assert_eq!(parked(dir.path()).unwrap()["exit"], 9);
    run.begin().unwrap();
    assert_eq!(run.end(failure(Class::Unavailable)), 7);
}

#[test]
fn ten_crashes_park_and_the_next_try_starts_afresh() {
    let dir = tempfile::tempdir().unwrap();
    let run = supervised(dir.path());
    for _ in 0..10 {
        // Begun, and never ended.
        run.begin().unwrap();
    }
    let error = run.begin().unwrap_err();
    assert_eq!(error.id, "crash-loop");
    run.begin().unwrap();
}

#[test]
fn a_panic_is_a_crash_and_not_a_reason_to_park() {
    let dir = tempfile::tempdir().unwrap();
    let run = supervised(dir.path());
    for _ in 0..10 {
        run.begin().unwrap();
        let error = Error::new(Class::Plugin, "plugin-failed", "it panicked").data("panic", true);
        assert_eq!(run.end(Ended::failed(9, error)), 70);
    }
    assert!(parked(dir.path()).is_none());
    assert_eq!(run.begin().unwrap_err().id, "crash-loop");
}

#[test]
fn crashes_long_ago_do_not_count() {
    let dir = tempfile::tempdir().unwrap();
    let run = supervised(dir.path());
    let old = now() - super::crashes::WINDOW_S - 1;
    let future = now() + 3600;
    let starts: Vec<u64> = std::iter::repeat_n(old, 9)
        .chain(std::iter::repeat_n(future, 9))
        .collect();
    std::fs::write(
        dir.path().join("starts.json"),
        serde_json::json!({ "starts": starts }).to_string(),
    )
    .unwrap();
    run.begin().unwrap();
}

#[test]
fn a_directory_that_cannot_be_written_does_not_keep_it_from_running() {
    let run = supervised(Path::new("/proc/nowhere"));
    run.begin().unwrap();
    assert_eq!(run.end(Ended::with(0)), 0);
}

use super::run::{RunOutcome, SupervisedRun, now};
use kt_plugin_api::{Class, Error};
use std::path::Path;

fn supervised(dir: &Path) -> SupervisedRun {
    SupervisedRun {
        dir: dir.to_owned(),
        park_exit: None,
        stderr_is_stored: false,
    }
}

fn parked(dir: &Path) -> Option<serde_json::Value> {
    let bytes = std::fs::read(dir.join("parked.json")).ok()?;
    Some(serde_json::from_slice(&bytes).unwrap())
}

fn failure(class: Class) -> RunOutcome {
    let error = Error::new(class, "some-id", "it does not work").cause("line 3");
    RunOutcome::failed(class.exit_code(), error)
}

#[test]
fn a_permanent_failure_parks_the_service() {
    let dir = tempfile::tempdir().unwrap();
    let run = supervised(dir.path());
    run.begin().unwrap();
    assert_eq!(run.end(failure(Class::Settings)), 3);
    let reason = parked(dir.path()).unwrap();
    assert_eq!(
        (&reason["id"], &reason["exit"], &reason["causes"][0]),
        (&"some-id".into(), &3.into(), &"line 3".into())
    );
    // The next run removes the reason.
    run.begin().unwrap();
    assert!(parked(dir.path()).is_none());
    // A transient failure never parks the service.
    for _ in 0..50 {
        run.begin().unwrap();
        assert_eq!(run.end(failure(Class::Unavailable)), 7);
    }
    assert!(parked(dir.path()).is_none());
}

#[test]
fn the_park_exit_code_replaces_the_exit_code_of_a_permanent_failure() {
    let dir = tempfile::tempdir().unwrap();
    let run = SupervisedRun {
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
fn ten_crashes_park_the_service_and_the_next_run_resets_the_count() {
    let dir = tempfile::tempdir().unwrap();
    let run = supervised(dir.path());
    for _ in 0..10 {
        // Without an orderly end.
        run.begin().unwrap();
    }
    let error = run.begin().unwrap_err();
    assert_eq!(error.id, "crash-loop");
    run.begin().unwrap();
}

#[test]
fn a_panic_counts_as_a_crash_and_does_not_park() {
    let dir = tempfile::tempdir().unwrap();
    let run = supervised(dir.path());
    for _ in 0..10 {
        run.begin().unwrap();
        let error = Error::new(Class::Plugin, "plugin-failed", "it panicked").data("panic", true);
        assert_eq!(run.end(RunOutcome::failed(9, error)), 70);
    }
    assert!(parked(dir.path()).is_none());
    assert_eq!(run.begin().unwrap_err().id, "crash-loop");
}

#[test]
fn crashes_before_the_period_do_not_count() {
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
fn a_directory_that_cannot_be_created_does_not_prevent_the_run() {
    let run = supervised(Path::new("/proc/nowhere"));
    run.begin().unwrap();
    assert_eq!(run.end(RunOutcome::completed(0)), 0);
}

use super::{AppliedPlan, ExecOutcome, PlanError, Runner, StepError, apply};
use crate::service::{Artifact, ExecSpec, FileKind, Plan, ProbeOutcome, Step, StepAction};
use crate::{Class, Error};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Files in memory, and the programs `ok`, `fail`, `slow`, `gone`, `stderr TEXT`,
/// `state VALUE` and `later N`, which fails N times with code 7.
#[derive(Default)]
struct Fake {
    files: RefCell<BTreeMap<PathBuf, (u32, Vec<u8>)>>,
    ran: RefCell<Vec<String>>,
    clock: Cell<u64>,
    read_only: Cell<bool>,
    cancelled: Cell<bool>,
}

impl Runner for Fake {
    fn run(&self, argv: &[String], _: &BTreeMap<String, String>, _: Duration) -> ExecOutcome {
        let line = argv.join(" ");
        let before = self.ran.borrow().iter().filter(|l| **l == line).count();
        self.ran.borrow_mut().push(line);
        let ended = |code, stderr: &str| ExecOutcome::Exited {
            code: Some(code),
            stdout: String::new(),
            stderr: stderr.to_owned(),
        };
        match argv[0].as_str() {
            "fail" => ended(3, "no\n"),
            "slow" => ExecOutcome::TimedOut,
            "gone" => ExecOutcome::NotFound,
            "stderr" => ended(0, &argv[1]),
            "state" => ExecOutcome::Exited {
                code: Some(0),
                stdout: format!("first\n\tstate = {}\n", argv[1]),
                stderr: String::new(),
            },
            "later" if before < argv[1].parse().unwrap() => ended(7, ""),
            _ => ended(0, ""),
        }
    }
    fn read(&self, path: &Path) -> io::Result<Option<Vec<u8>>> {
        Ok(self.files.borrow().get(path).map(|(_, b)| b.clone()))
    }
    fn write(&self, path: &Path, mode: u32, bytes: &[u8]) -> io::Result<()> {
        if self.read_only.get() {
            return Err(io::ErrorKind::ReadOnlyFilesystem.into());
        }
        self.files
            .borrow_mut()
            .insert(path.to_owned(), (mode, bytes.to_vec()));
        Ok(())
    }
    fn remove(&self, path: &Path) -> io::Result<bool> {
        Ok(self.files.borrow_mut().remove(path).is_some())
    }
    fn stat(&self, path: &Path) -> ProbeOutcome {
        self.files
            .borrow()
            .get(path)
            .map_or(ProbeOutcome::NotFound, |(mode, _)| ProbeOutcome::Metadata {
                kind: FileKind::File,
                uid: 0,
                mode: *mode,
            })
    }
    fn list(&self, _: &Path) -> ProbeOutcome {
        ProbeOutcome::NotFound
    }
    fn now(&self) -> Duration {
        Duration::from_millis(self.clock.get())
    }
    fn sleep(&self, time: Duration) {
        self.clock
            .set(self.clock.get() + u64::try_from(time.as_millis()).unwrap());
    }
    fn check_cancelled(&self) -> Result<(), Error> {
        match self.cancelled.get() {
            true => Err(Error::new(Class::Interrupted, "interrupted", "interrupted")),
            false => Ok(()),
        }
    }
}

fn run(words: &str) -> ExecSpec {
    let words: Vec<&str> = words.split(' ').collect();
    ExecSpec::new(&words, BTreeMap::new(), 1)
}

fn step(words: &str) -> Step {
    Step::new(words, words, StepAction::Run(run(words)))
}

/// Replaces `/old`, creates `/new`, removes `/gone` and runs three programs.
fn plan() -> Plan {
    let artifact = |path: &str| Artifact {
        path: path.into(),
        mode: 0o644,
        content: "new".to_owned(),
    };
    let write = |path: &str| Step::new("write", path, StepAction::Write(path.into()));
    Plan {
        artifacts: vec![artifact("/old"), artifact("/new")],
        steps: vec![
            write("/old").undo(run("reread")),
            step("one").undo(run("undo one")),
            write("/new"),
            step("two").undo(run("undo two")),
            Step::new("remove", "/gone", StepAction::Remove("/gone".into())),
            step("three"),
        ],
        warnings: Vec::new(),
    }
}

fn files() -> Fake {
    let fake = Fake::default();
    for path in ["/old", "/gone"] {
        fake.write(Path::new(path), 0o600, b"before").unwrap();
    }
    fake
}

/// Applies a plan and reverts it if it fails. Returns the failed step, its error,
/// and the failures of the rollback.
fn apply_or_undo(
    fake: &Fake,
    plan: &Plan,
) -> Result<AppliedPlan, Box<(Step, StepError, Vec<String>)>> {
    apply(fake, plan).map_err(|error| {
        let PlanError {
            step,
            error,
            undo_log,
        } = *error;
        Box::new((step, error, undo_log.undo(fake)))
    })
}

fn fails_at(index: usize) -> (Fake, Box<(Step, StepError, Vec<String>)>) {
    let (fake, mut plan) = (files(), plan());
    plan.steps
        .insert(index, step("fail").undo(run("undo fail")));
    let error = apply_or_undo(&fake, &plan).unwrap_err();
    (fake, error)
}

#[test]
fn steps_run_in_order() {
    let fake = files();
    let applied = apply_or_undo(&fake, &plan()).unwrap();
    assert_eq!(
        applied.completed_steps,
        ["write", "one", "write", "two", "remove", "three"]
    );
    assert_eq!(*fake.ran.borrow(), ["one", "two", "three"]);
    let files = fake.files.borrow();
    assert_eq!(files[Path::new("/old")], (0o644, b"new".to_vec()));
    assert!(!files.contains_key(Path::new("/gone")));
}

#[test]
fn a_failure_at_any_step_restores_all_files() {
    for index in 0..=plan().steps.len() {
        let before = files().files.into_inner();
        let (fake, failed) = fails_at(index);
        let (step, _, failures) = *failed;
        assert_eq!(*fake.files.borrow(), before, "failing at {index}");
        assert_eq!(step.id, "fail");
        assert_eq!(failures, Vec::<String>::new());
    }
}

#[test]
fn rollback_is_in_reverse_order_and_includes_the_failed_step() {
    let (fake, _) = fails_at(6);
    assert_eq!(
        fake.ran.borrow()[3..],
        ["fail", "undo fail", "undo two", "undo one", "reread"]
    );
}

#[test]
fn a_failure_of_the_rollback_is_reported_and_does_not_stop_it() {
    let (fake, mut plan) = (files(), plan());
    plan.steps[1].undo = vec![run("fail undo")];
    plan.steps.push(step("slow"));
    let (_, error, failures) = *apply_or_undo(&fake, &plan).unwrap_err();
    assert_eq!(error, StepError::TimedOut);
    assert_eq!(failures, ["one: `fail undo` exited with code 3: no"]);
    assert_eq!(fake.files.borrow()[Path::new("/old")].1, b"before");
}

#[test]
fn a_completed_plan_can_be_reverted() {
    let fake = files();
    let before = fake.files.borrow().clone();
    let applied = apply_or_undo(&fake, &plan()).unwrap();
    assert!(applied.undo_log.undo(&fake).is_empty());
    assert_eq!(*fake.files.borrow(), before);
}

#[test]
fn an_unchanged_file_is_not_written() {
    let fake = files();
    for path in ["/old", "/new"] {
        fake.write(Path::new(path), 0o644, b"new").unwrap();
    }
    fake.read_only.set(true);
    apply_or_undo(&fake, &plan()).unwrap();
}

#[test]
fn retries_are_limited_by_exit_code_and_time() {
    let once = |words: &str, for_ms| {
        let fake = Fake::default();
        let run = run(words).retry(&[7], 10, for_ms);
        let plan = Plan {
            steps: vec![Step::new("s", "s", StepAction::Run(run))],
            ..Plan::default()
        };
        let ended = apply_or_undo(&fake, &plan).map(|_| ());
        (ended.is_ok(), fake.ran.borrow().len())
    };
    assert_eq!(once("later 3", 1_000), (true, 4));
    assert_eq!(once("later 1000", 50), (false, 6));
    assert_eq!(once("fail", 1_000), (false, 1), "3 is final");
}

#[test]
fn allowed_failures_missing_programs_and_excluded_output() {
    let outcome = |step: Step| {
        let plan = Plan {
            steps: vec![step],
            ..Plan::default()
        };
        apply_or_undo(&Fake::default(), &plan).map(|a| a.warnings)
    };
    assert_eq!(
        outcome(step("fail").warn_on_failure("mind")).unwrap(),
        ["mind"]
    );
    assert_eq!(outcome(step("gone")).unwrap_err().1, StepError::NotFound);
    let mut checker = run("gone");
    checker.skip_if_missing = true;
    let check = |run: ExecSpec| outcome(Step::new("c", "c", StepAction::Run(run)));
    check(checker).unwrap();
    let mut checker = run("stderr other.service:complaint");
    checker.stderr_excludes = Some("my.service".to_owned());
    check(checker.clone()).unwrap();
    checker.stderr_excludes = Some("other.service".to_owned());
    assert!(matches!(
        check(checker).unwrap_err().1,
        StepError::Exited { code: Some(0), .. }
    ));
}

#[test]
fn expected_output_is_required_like_an_exit_code() {
    let outcome = |run: ExecSpec| {
        let plan = Plan {
            steps: vec![Step::new("s", "s", StepAction::Run(run))],
            ..Plan::default()
        };
        let fake = Fake::default();
        let ended = apply_or_undo(&fake, &plan).is_ok();
        (ended, fake.ran.borrow().len())
    };
    assert_eq!(
        outcome(run("state up").stdout_contains("state = up")),
        (true, 1)
    );
    assert_eq!(
        outcome(run("state up").stdout_contains("state = down")),
        (false, 1)
    );
    let again = run("state up").stdout_contains("down").retry(&[0], 10, 20);
    assert_eq!(outcome(again), (false, 3));
}

#[test]
fn a_condition_skips_a_program_and_its_undo() {
    let ran = |unless: ExecSpec| {
        let fake = Fake::default();
        let conditional = run("one").unless(unless.clone());
        let plan = Plan {
            steps: vec![
                Step::new("one", "one", StepAction::Run(conditional))
                    .undo(run("undo").unless(unless)),
            ],
            ..Plan::default()
        };
        let applied = apply_or_undo(&fake, &plan).unwrap();
        assert_eq!(applied.completed_steps, ["one"]);
        assert_eq!(applied.undo_log.undo(&fake), Vec::<String>::new());
        fake.ran.into_inner()
    };
    assert_eq!(ran(run("so")), ["so", "so"]);
    assert_eq!(ran(run("fail")), ["fail", "one", "fail", "undo"]);
    assert_eq!(ran(run("gone")), ["gone", "one", "gone", "undo"]);
}

#[test]
fn an_allowed_failure_is_not_reverted() {
    let fake = Fake::default();
    let plan = Plan {
        steps: vec![
            step("one").undo(run("undo one")),
            step("fail").undo(run("undo fail")).warn_on_failure("mind"),
            step("gone"),
        ],
        ..Plan::default()
    };
    let (_, _, failures) = *apply_or_undo(&fake, &plan).unwrap_err();
    assert_eq!(failures, Vec::<String>::new());
    assert_eq!(fake.ran.borrow().last().unwrap(), "undo one");
    assert!(!fake.ran.borrow().contains(&"undo fail".to_owned()));
}

#[test]
fn a_file_error_and_a_cancellation_stop_the_plan() {
    let fake = files();
    fake.read_only.set(true);
    let (_, error, _) = *apply_or_undo(&fake, &plan()).unwrap_err();
    assert!(matches!(error, StepError::Failed(_)));
    let fake = files();
    fake.cancelled.set(true);
    let (_, error, _) = *apply_or_undo(&fake, &plan()).unwrap_err();
    assert!(matches!(error, StepError::Cancelled(_)));
    assert!(fake.ran.borrow().is_empty());
}

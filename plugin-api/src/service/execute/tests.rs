use super::{AppliedPlan, ExecOutcome, PlanError, Runner, StepError, apply};
use crate::service::{Artifact, ExecSpec, FileKind, Plan, ProbeOutcome, Step, StepAction};
use crate::{Class, Error};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A world of files in memory and programs named `ok`, `fail`, `slow`, `gone`,
/// `tells WORD` and `later N`, which fails N times with 7.
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
            "says" => ended(0, &argv[1]),
            "tells" => ExecOutcome::Exited {
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

/// Replaces `/old`, makes `/new`, removes `/gone` and runs three programs.
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

fn world() -> Fake {
    let fake = Fake::default();
    for path in ["/old", "/gone"] {
        fake.write(Path::new(path), 0o600, b"before").unwrap();
    }
    fake
}

/// A plan as a transaction: a failure takes everything back. Says what failed,
/// why, and what could not be taken back.
fn apply_or_undo(
    fake: &Fake,
    plan: &Plan,
) -> Result<AppliedPlan, Box<(Step, StepError, Vec<String>)>> {
    apply(fake, plan).map_err(|failure| {
        let PlanError {
            step,
            error: why,
            undo_log,
        } = *failure;
        Box::new((step, why, undo_log.undo(fake)))
    })
}

fn fails_at(index: usize) -> (Fake, Box<(Step, StepError, Vec<String>)>) {
    let (fake, mut plan) = (world(), plan());
    plan.steps
        .insert(index, step("fail").undo(run("undo fail")));
    let failure = apply_or_undo(&fake, &plan).unwrap_err();
    (fake, failure)
}

#[test]
fn a_plan_is_carried_out_in_order() {
    let fake = world();
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
fn a_failure_at_any_step_leaves_every_file_as_it_was() {
    for index in 0..=plan().steps.len() {
        let before = world().files.into_inner();
        let (fake, failed) = fails_at(index);
        let (step, _, left) = *failed;
        assert_eq!(*fake.files.borrow(), before, "failing at {index}");
        assert_eq!(step.id, "fail");
        assert_eq!(left, Vec::<String>::new());
    }
}

#[test]
fn steps_are_taken_back_in_reverse_and_the_failed_one_too() {
    let (fake, _) = fails_at(6);
    assert_eq!(
        fake.ran.borrow()[3..],
        ["fail", "undo fail", "undo two", "undo one", "reread"]
    );
}

#[test]
fn what_cannot_be_taken_back_is_said_and_does_not_stop_the_rest() {
    let (fake, mut plan) = (world(), plan());
    plan.steps[1].undo = vec![run("fail undo")];
    plan.steps.push(step("slow"));
    let (_, why, left) = *apply_or_undo(&fake, &plan).unwrap_err();
    assert_eq!(why, StepError::TimedOut);
    assert_eq!(left, ["one: `fail undo` ended with 3: no"]);
    assert_eq!(fake.files.borrow()[Path::new("/old")].1, b"before");
}

#[test]
fn a_plan_can_be_taken_back_later() {
    let fake = world();
    let before = fake.files.borrow().clone();
    let applied = apply_or_undo(&fake, &plan()).unwrap();
    assert!(applied.undo_log.undo(&fake).is_empty());
    assert_eq!(*fake.files.borrow(), before);
}

#[test]
fn a_file_that_is_as_it_should_be_is_not_written_again() {
    let fake = world();
    for path in ["/old", "/new"] {
        fake.write(Path::new(path), 0o644, b"new").unwrap();
    }
    fake.read_only.set(true);
    apply_or_undo(&fake, &plan()).unwrap();
}

#[test]
fn only_certain_codes_are_tried_again_and_not_for_ever() {
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
fn tolerated_optional_and_talkative_programs() {
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
    let mut checker = run("says other.service:complaint");
    checker.stderr_excludes = Some("my.service".to_owned());
    check(checker.clone()).unwrap();
    checker.stderr_excludes = Some("other.service".to_owned());
    assert!(matches!(
        check(checker).unwrap_err().1,
        StepError::Exited { code: Some(0), .. }
    ));
}

#[test]
fn an_answer_in_words_counts_like_an_exit_code() {
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
        outcome(run("tells up").stdout_contains("state = up")),
        (true, 1)
    );
    assert_eq!(
        outcome(run("tells up").stdout_contains("state = down")),
        (false, 1)
    );
    let again = run("tells up").stdout_contains("down").retry(&[0], 10, 20);
    assert_eq!(outcome(again), (false, 3));
}

#[test]
fn what_is_not_needed_is_left_out_on_both_ways() {
    let ran = |unless: ExecSpec| {
        let fake = Fake::default();
        let needless = run("one").unless(unless.clone());
        let plan = Plan {
            steps: vec![
                Step::new("one", "one", StepAction::Run(needless)).undo(run("undo").unless(unless)),
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
fn what_was_tolerated_is_not_taken_back() {
    let fake = Fake::default();
    let plan = Plan {
        steps: vec![
            step("one").undo(run("undo one")),
            step("fail").undo(run("undo fail")).warn_on_failure("mind"),
            step("gone"),
        ],
        ..Plan::default()
    };
    let (_, _, left) = *apply_or_undo(&fake, &plan).unwrap_err();
    assert_eq!(left, Vec::<String>::new());
    assert_eq!(fake.ran.borrow().last().unwrap(), "undo one");
    assert!(!fake.ran.borrow().contains(&"undo fail".to_owned()));
}

#[test]
fn a_file_that_cannot_be_written_and_an_interruption_end_the_plan() {
    let fake = world();
    fake.read_only.set(true);
    let (_, why, _) = *apply_or_undo(&fake, &plan()).unwrap_err();
    assert!(matches!(why, StepError::Failed(_)));
    let fake = world();
    fake.cancelled.set(true);
    let (_, why, _) = *apply_or_undo(&fake, &plan()).unwrap_err();
    assert!(matches!(why, StepError::Cancelled(_)));
    assert!(fake.ran.borrow().is_empty());
}

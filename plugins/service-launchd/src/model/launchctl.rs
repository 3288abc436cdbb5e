//! The verbs of `launchctl`.

use super::job::Job;
use super::world::World;
use kt_plugin_api::service::execute::ExecOutcome;
use std::path::Path;
use std::time::Duration;

const NO_SESSION: i32 = 125;
const NOT_LOADED: i32 = 113;

pub(super) fn ended(code: i32, stdout: &str) -> ExecOutcome {
    ExecOutcome::Exited {
        code: Some(code),
        stdout: stdout.to_owned(),
        stderr: String::new(),
    }
}

/// `gui/501/label` without its domain.
fn label_of(target: &str) -> Option<&str> {
    target.splitn(3, '/').nth(2)
}

impl World {
    pub(super) fn launchctl(&self, words: &[&str], timeout: Duration) -> ExecOutcome {
        let (verb, rest) = words.split_first().unwrap();
        if let Some(code) = self.due_failure(verb) {
            return ended(code, "");
        }
        if !self.session.get() {
            return ended(NO_SESSION, "");
        }
        let label = rest.first().and_then(|target| label_of(target));
        match (*verb, rest, label) {
            ("print", [target], Some(label)) => self.print(target, label),
            ("print", [_], None) => ended(0, ""),
            ("print-disabled", [_], None) => self.print_disabled(),
            ("enable", [_], Some(label)) => {
                self.disabled.borrow_mut().remove(label);
                ended(0, "")
            }
            ("disable", [_], Some(label)) => {
                self.disable(label);
                ended(0, "")
            }
            ("bootstrap", [_, plist], None) => self.bootstrap(plist),
            ("bootout", [_], Some(label)) => self.bootout(label, timeout),
            ("kickstart", [_], Some(label)) => self.kickstart(label),
            ("kill", ["SIGTERM", target], _) => self.kill(label_of(target).unwrap()),
            _ => panic!("the model has no {words:?}"),
        }
    }

    fn print(&self, target: &str, label: &str) -> ExecOutcome {
        match self.jobs.borrow().get(label) {
            None => ended(NOT_LOADED, ""),
            Some(job) => ended(0, &job.text(target)),
        }
    }

    fn print_disabled(&self) -> ExecOutcome {
        let disabled = self.disabled.borrow();
        let lines: String = disabled
            .iter()
            .map(|label| format!("\t\t\"{label}\" => disabled\n"))
            .collect();
        let text = format!(
            "\n\tdisabled services = {{\n{lines}\t}}\n\n\tlogin item associations = {{\n\t}}\n"
        );
        ended(0, &text)
    }

    fn bootstrap(&self, plist: &str) -> ExecOutcome {
        let label = Path::new(plist).file_stem().unwrap().to_str().unwrap();
        let (mode, list) = self.file(plist).unwrap_or_default();
        let refused = mode & 0o044 != 0o044 || self.disabled.borrow().contains(label);
        if refused || self.jobs.borrow().contains_key(label) {
            return ended(self.codes.get().busy, "");
        }
        let mut job = Job::of(list);
        if self.run_at_load.get() {
            job.launch(self.fresh_pid(), self.now_ms());
        }
        self.jobs.borrow_mut().insert(label.to_owned(), job);
        ended(0, "")
    }

    fn bootout(&self, label: &str, timeout: Duration) -> ExecOutcome {
        let now = self.now_ms();
        match self.jobs.borrow_mut().get_mut(label) {
            None => return ended(3, ""),
            Some(job) if job.left_at.is_some() => return ended(37, ""),
            Some(job) => job.leave(self.manners.get(), self.exit_timeout_ms.get(), now),
        }
        let codes = self.codes.get();
        if !codes.bootout_waits {
            return ended(codes.bootout, "");
        }
        let most = u64::try_from(timeout.as_millis()).unwrap();
        while self.jobs.borrow().contains_key(label) {
            if self.now_ms() - now >= most {
                return ExecOutcome::TimedOut;
            }
            self.pass(100);
        }
        ended(codes.bootout, "")
    }

    fn kickstart(&self, label: &str) -> ExecOutcome {
        let mut jobs = self.jobs.borrow_mut();
        let Some(job) = jobs.get_mut(label) else {
            return ended(NOT_LOADED, "");
        };
        if job.left_at.is_some() {
            return ended(37, "");
        }
        if job.pid.is_some() {
            return ended(self.codes.get().running, "");
        }
        job.launch(self.fresh_pid(), self.now_ms());
        ended(0, "")
    }

    fn kill(&self, label: &str) -> ExecOutcome {
        let mut jobs = self.jobs.borrow_mut();
        let Some(job) = jobs.get_mut(label) else {
            return ended(NOT_LOADED, "");
        };
        if job.pid.is_none() {
            return ended(3, "");
        }
        job.ask(self.manners.get(), self.now_ms());
        ended(0, "")
    }
}

//! One loaded agent.

/// How long a process takes to end after SIGTERM, milliseconds.
const ENDING_MS: u64 = 250;
/// launchd's shortest time between two starts, milliseconds.
const THROTTLE_MS: u64 = 10_000;

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Code(i32),
    Signal(i32),
}

/// What a process does when it is asked to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manners {
    /// It ends like that after this many milliseconds.
    Ends(End, u64),
    /// Nothing.
    Deaf,
}

impl Default for Manners {
    fn default() -> Self {
        Self::Ends(End::Code(0), ENDING_MS)
    }
}

#[derive(Debug, Clone, Default)]
pub(super) struct Job {
    pub(super) pid: Option<u32>,
    pub(super) runs: u32,
    pub(super) last: Option<End>,
    /// When its process ends, and how.
    ends_at: Option<(u64, End)>,
    starts_at: Option<u64>,
    started: u64,
    /// Since when it is being unloaded.
    pub(super) left_at: Option<u64>,
    /// The list that it was loaded with.
    pub(super) list: Vec<u8>,
}

impl Job {
    pub(super) fn of(list: Vec<u8>) -> Self {
        Self {
            list,
            ..Self::default()
        }
    }

    pub(super) fn launch(&mut self, pid: u32, now: u64) {
        self.pid = Some(pid);
        self.runs += 1;
        self.started = now;
        self.starts_at = None;
        self.ends_at = None;
    }

    /// SIGTERM.
    pub(super) fn ask(&mut self, manners: Manners, now: u64) {
        if let Manners::Ends(end, after) = manners {
            self.ends_at.get_or_insert((now + after, end));
        }
    }

    /// `bootout`: what is deaf is killed after `exit_timeout_ms`.
    pub(super) fn leave(&mut self, manners: Manners, exit_timeout_ms: u64, now: u64) {
        self.left_at = Some(now);
        self.starts_at = None;
        self.ask(manners, now);
        if self.ends_at.is_none() && self.pid.is_some() {
            self.ends_at = Some((now + exit_timeout_ms, End::Signal(9)));
        }
    }

    pub(super) fn end(&mut self, end: End, now: u64) {
        self.pid = None;
        self.ends_at = None;
        self.last = Some(end);
        if end != End::Code(0) && self.left_at.is_none() {
            self.starts_at = Some(now.max(self.started + THROTTLE_MS));
        }
    }

    /// Whether it is to be started now.
    pub(super) fn pass(&mut self, now: u64) -> bool {
        if let Some((at, end)) = self.ends_at
            && at <= now
        {
            self.end(end, now);
        }
        self.starts_at.is_some_and(|at| at <= now)
    }

    pub(super) fn text(&self, target: &str) -> String {
        let state = match (self.left_at, self.pid, self.starts_at) {
            (Some(_), ..) => "SIGTERMed",
            (_, Some(_), _) => "running",
            (.., Some(_)) => "spawn scheduled",
            _ => "not running",
        };
        let mut text = format!("{target} = {{\n\tstate = {state}\n\truns = {}\n", self.runs);
        if let Some(pid) = self.pid {
            text.push_str(&format!("\tpid = {pid}\n"));
        }
        text.push_str(&match self.last {
            None => "\tlast exit code = (never exited)\n".to_owned(),
            Some(End::Code(code)) => format!("\tlast exit code = {code}\n"),
            Some(End::Signal(number)) => format!("\tlast terminating signal = X: {number}\n"),
        });
        text.push_str("\tresource coalition = {\n\t\tstate = active\n\t}\n}\n");
        text
    }
}

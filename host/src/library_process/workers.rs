//! The threads that run calls.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

/// The stack of a thread: as large as that of the main thread, which runs the commands
/// of a library that is not isolated.
const STACK: usize = 8 << 20;

type Job = Box<dyn FnOnce() + Send>;

/// Threads that are used again: starting one for each call would cost more than the
/// exchange of the messages.
#[derive(Default)]
pub(super) struct Workers {
    idle: Arc<Mutex<Vec<Sender<Job>>>>,
}

impl Workers {
    /// Runs a job in an idle thread, or in a new one.
    ///
    /// # Errors
    /// If no thread can be started.
    pub(super) fn run(&self, job: impl FnOnce() + Send + 'static) -> std::io::Result<()> {
        let mut job: Job = Box::new(job);
        while let Some(worker) = self.idle.lock().ok().and_then(|mut idle| idle.pop()) {
            match worker.send(job) {
                Ok(()) => return Ok(()),
                Err(rejected) => job = rejected.0,
            }
        }
        let (sender, jobs) = channel();
        let idle = Arc::clone(&self.idle);
        std::thread::Builder::new()
            .stack_size(STACK)
            .spawn(move || work(job, &sender, &jobs, &idle))
            .map(drop)
    }
}

fn work(first: Job, sender: &Sender<Job>, jobs: &Receiver<Job>, idle: &Mutex<Vec<Sender<Job>>>) {
    let mut next = Some(first);
    while let Some(job) = next {
        job();
        if let Ok(mut idle) = idle.lock() {
            idle.push(sender.clone());
        }
        next = jobs.recv().ok();
    }
}

//! Checks of calls: at the same time, cancelled, of another method.

use super::Outcome;
use crate::guard_test::client::{Checked, SHORT, described};
use crate::guard_test::samples::{HARMLESS, Sample};
use crate::guard_test::subject::{Subject, text};
use kt_plugin_api::plugin_test::TestFailure;
use kt_plugin_api::policy::JudgeText;
use kt_policy::Judged;
use serde_json::{Value, json};
use std::time::Duration;

/// The threads that call at the same time, and the calls of each.
const THREADS: usize = 8;
const CALLS: usize = 5;
/// The calls that are cancelled.
const CANCELLED: usize = 5;
/// The bytes of the text of a call that is cancelled.
const LENGTH: usize = 1 << 20;
/// The error of the host if a process does not return, or ends.
const PROCESS_ENDED: &str = "plugin-process-ended";

pub(in crate::guard_test) fn concurrent(subject: &Subject<'_>) -> Checked<Outcome> {
    let count = subject.samples.len();
    // Each thread has another part of the texts, and other indexes.
    let texts = |thread: usize| -> Vec<JudgeText> {
        let samples = subject.samples.iter().enumerate();
        let own = |at: &(usize, &Sample)| !(at.0 + thread).is_multiple_of(3);
        samples
            .filter(own)
            .map(|(at, sample)| text(at + thread * count, &sample.text))
            .collect()
    };
    let mut parts = Vec::new();
    for thread in 0..THREADS {
        let texts = texts(thread);
        let judged = subject.judge("judge the texts one after the other", &texts, SHORT)?;
        parts.push((texts, judged));
    }
    std::thread::scope(|scope| {
        let threads: Vec<_> = parts
            .iter()
            .map(|part| scope.spawn(|| repeat(subject, part)))
            .collect();
        let results = threads.into_iter().map(|thread| {
            let stopped = || TestFailure::new("judge", "an answer", "the thread of the call ended");
            thread.join().unwrap_or_else(|_| Err(stopped()))
        });
        // All threads end before the first failure is returned.
        let results: Vec<Checked> = results.collect();
        results.into_iter().collect::<Checked>()
    })?;
    Ok(Outcome::Passed)
}

fn repeat(subject: &Subject<'_>, (texts, judged): &(Vec<JudgeText>, Vec<Judged>)) -> Checked {
    let step = format!("judge texts in {THREADS} calls at the same time");
    for _ in 0..CALLS {
        let again = subject.judge(&step, texts, SHORT)?;
        if again != *judged {
            let expected = "the same verdicts as one after the other";
            return Err(TestFailure::new(step, expected, "others"));
        }
    }
    Ok(())
}

pub(in crate::guard_test) fn deadline(subject: &Subject<'_>) -> Checked<Outcome> {
    let end = subject.redacted.first().map_or("", String::as_str);
    let long = format!("{HARMLESS}\n").repeat(LENGTH / HARMLESS.len());
    let long = subject.request(&[text(0, &format!("{long}{end}"))]);
    let texts = subject.texts(|at| at);
    let before = subject.judge("judge all texts", &texts, SHORT)?;
    for _ in 0..CANCELLED {
        cancelled(subject, &long)?;
        let step = "judge all texts after a cancelled call";
        let after = subject.judge(step, &texts, SHORT)?;
        if after != before {
            let expected = "the same verdicts as before";
            return Err(TestFailure::new(step, expected, "others"));
        }
    }
    Ok(Outcome::Passed)
}

/// Calls with a deadline that has passed when the guard receives the text: the host cancels the
/// call at once, and ends a process that does not return.
fn cancelled(subject: &Subject<'_>, request: &Value) -> Checked {
    let step = "judge 1 MiB in a call that is cancelled";
    let result = subject.client.call_late(request, Duration::from_millis(1));
    match result {
        Err(error) if error.id == PROCESS_ENDED => {
            let expected = "verdicts or an error within two seconds after the deadline";
            Err(TestFailure::new(step, expected, described(&error)))
        }
        _ => Ok(()),
    }
}

pub(in crate::guard_test) fn unknown_method(subject: &Subject<'_>) -> Checked<Outcome> {
    let step = "call the method `kt-plugin-test`";
    let expected = "the error `unsupported-method`: later versions have further methods";
    let found = match subject
        .client
        .call::<Value>("kt-plugin-test", &json!({}), SHORT)
    {
        Err(error) if error.id == "unsupported-method" => return Ok(Outcome::Passed),
        Err(error) => described(&error),
        Ok(_) => "a result".to_owned(),
    };
    Err(TestFailure::new(step, expected, found))
}

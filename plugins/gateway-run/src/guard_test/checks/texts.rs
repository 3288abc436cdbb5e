//! Checks with texts of many kinds.

use super::Outcome;
use crate::guard_test::answer;
use crate::guard_test::client::{Checked, LONG, SHORT};
use crate::guard_test::samples::{HARMLESS, Sample, WIDE};
use crate::guard_test::subject::{Subject, text};
use kt_plugin_api::plugin_test::TestFailure;
use kt_plugin_api::policy::JudgeText;
use kt_policy::Judged;

/// The bytes of a long text.
const LENGTH: usize = 1 << 20;
/// The texts of a large request.
const MANY: usize = 1000;

pub(in crate::guard_test) fn none(subject: &Subject<'_>) -> Checked<Outcome> {
    subject.judge("judge no texts", &[], SHORT)?;
    Ok(Outcome::Passed)
}

pub(in crate::guard_test) fn each(subject: &Subject<'_>) -> Checked<Outcome> {
    for sample in &subject.samples {
        let step = format!("judge the text {:?}", sample.name);
        subject.judge(&step, &[text(0, &sample.text)], SHORT)?;
    }
    Ok(Outcome::Passed)
}

pub(in crate::guard_test) fn indexes(subject: &Subject<'_>) -> Checked<Outcome> {
    let mut texts = subject.texts(|at| 5 + 3 * at);
    subject.judge("judge texts with the indexes 5, 8, 11, …", &texts, SHORT)?;
    texts.reverse();
    subject.judge("judge texts with descending indexes", &texts, SHORT)?;
    Ok(Outcome::Passed)
}

/// The parts that are found must be the same behind characters of several bytes.
pub(in crate::guard_test) fn characters(subject: &Subject<'_>) -> Checked<Outcome> {
    for found in &subject.redacted {
        let alone = judge_one(subject, "judge the text of a case", found)?;
        let shifted = format!("{WIDE}{found}");
        let step = format!("judge it behind {WIDE:?}");
        let behind = judge_one(subject, &step, &shifted)?;
        let (expected, parts) = (parts(found, &alone), parts(&shifted, &behind));
        // A guard that takes the text before into account may find others.
        if expected.len() == parts.len() && expected != parts {
            let expected = format!("the parts {expected:?}: spans count characters");
            return Err(TestFailure::new(step, expected, format!("{parts:?}")));
        }
    }
    Ok(if_findings(subject))
}

fn judge_one(subject: &Subject<'_>, step: &str, content: &str) -> Checked<Judged> {
    let judged = subject.judge(step, &[text(0, content)], LONG)?;
    Ok(judged.into_iter().next().unwrap_or_default())
}

fn parts<'t>(text: &'t str, judged: &Judged) -> Vec<&'t str> {
    let spans = judged.spans.iter();
    spans
        .filter_map(|(range, _)| text.get(range.clone()))
        .collect()
}

fn if_findings(subject: &Subject<'_>) -> Outcome {
    if subject.redacted.is_empty() {
        Outcome::Skipped("no case in `plugin-test.toml` has the verdict `redact`".to_owned())
    } else {
        Outcome::Passed
    }
}

pub(in crate::guard_test) fn long(subject: &Subject<'_>) -> Checked<Outcome> {
    let repeated = |part: &str| part.repeat(LENGTH / part.len());
    let end = subject.redacted.first().map_or("", String::as_str);
    for (name, content) in [
        ("sentences", repeated(&format!("{HARMLESS}\n"))),
        ("one word", repeated("a")),
        ("blanks", repeated(" ")),
        ("wide characters", repeated(WIDE)),
        ("brackets", repeated("[(")),
    ] {
        let step = format!("judge 1 MiB of {name}");
        judge_one(subject, &step, &format!("{content}\n{end}"))?;
    }
    Ok(Outcome::Passed)
}

pub(in crate::guard_test) fn many(subject: &Subject<'_>) -> Checked<Outcome> {
    let samples = subject.samples.iter().cycle().take(MANY).enumerate();
    let texts: Vec<JudgeText> = samples
        .map(|(index, sample)| text(index, &sample.text))
        .collect();
    subject.judge(&format!("judge {MANY} texts"), &texts, LONG)?;
    Ok(Outcome::Passed)
}

pub(in crate::guard_test) fn dense(subject: &Subject<'_>) -> Checked<Outcome> {
    for found in &subject.redacted {
        let line = format!("{found}\n");
        let content = line.repeat(LENGTH / line.len().max(1));
        judge_one(subject, "judge 1 MiB of the text of a case", &content)?;
    }
    Ok(if_findings(subject))
}

pub(in crate::guard_test) fn same(subject: &Subject<'_>) -> Checked<Outcome> {
    let mut texts = subject.texts(|at| at);
    let together = subject.judge("judge all texts", &texts, SHORT)?;
    texts.reverse();
    let step = "judge all texts in reverse order";
    let mut reversed = subject.judge(step, &texts, SHORT)?;
    reversed.reverse();
    let verdicts = together.iter().zip(&reversed);
    for (sample, (among, reversed)) in subject.samples.iter().zip(verdicts) {
        unchanged(step, sample, (among, reversed))?;
        let alone = judge_one(subject, "judge each text alone", &sample.text)?;
        unchanged("judge each text alone", sample, (among, &alone))?;
    }
    Ok(Outcome::Passed)
}

fn unchanged(step: &str, sample: &Sample, (among, other): (&Judged, &Judged)) -> Checked {
    if among == other {
        return Ok(());
    }
    let outcome = |judged| answer::outcome(&sample.text, judged);
    let expected = format!("{:?} as among all texts: {}", sample.name, outcome(among));
    Err(TestFailure::new(step, expected, outcome(other)))
}

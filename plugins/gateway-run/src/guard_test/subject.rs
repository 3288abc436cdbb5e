//! The guard with the settings and the texts that it is tested with.

use super::answer;
use super::cases::Case;
use super::client::{Checked, GuardClient, described};
use super::samples::{Sample, built_in};
use kt_plugin_api::plugin_test::TestFailure;
use kt_plugin_api::policy::{JudgeRequest, JudgeText, VerdictKind};
use kt_policy::Judged;
use serde_json::{Map, Value, json};
use std::time::Duration;

/// The guard, its settings, and texts.
pub(super) struct Subject<'a> {
    pub(super) client: &'a GuardClient<'a>,
    /// Those of the author's first case that has a verdict.
    pub(super) settings: Map<String, Value>,
    /// The texts of this module and of the author.
    pub(super) samples: Vec<Sample>,
    /// The texts in which the author expects spans, with these settings.
    pub(super) redacted: Vec<String>,
}

impl<'a> Subject<'a> {
    pub(super) fn new(client: &'a GuardClient<'a>, cases: &[Case]) -> Self {
        let settings = cases.iter().find(|case| case.verdict.is_some());
        let settings = settings.map_or_else(Map::new, |case| case.settings.clone());
        let redacts =
            |case: &&Case| case.verdict == Some(VerdictKind::Redact) && case.settings == settings;
        let redacted = cases.iter().filter(redacts).map(|case| case.text.clone());
        let of_author = cases
            .iter()
            .map(|case| Sample::new(format!("case {}", case.name), case.text.clone()));
        Self {
            redacted: redacted.collect(),
            samples: built_in().into_iter().chain(of_author).collect(),
            client,
            settings,
        }
    }

    /// Returns the samples as texts, with these indexes.
    pub(super) fn texts(&self, index: impl Fn(usize) -> usize) -> Vec<JudgeText> {
        let samples = self.samples.iter().enumerate();
        samples
            .map(|(at, sample)| text(index(at), &sample.text))
            .collect()
    }

    /// Judges texts.
    ///
    /// # Errors
    /// The guard refuses the request, or its answer is not valid.
    pub(super) fn judge(
        &self,
        step: &str,
        texts: &[JudgeText],
        timeout: Duration,
    ) -> Checked<Vec<Judged>> {
        self.judge_request(step, &self.request(texts), texts, timeout)
    }

    /// Judges the texts of a request.
    ///
    /// # Errors
    /// The guard refuses the request, or its answer is not valid.
    pub(super) fn judge_request(
        &self,
        step: &str,
        request: &Value,
        texts: &[JudgeText],
        timeout: Duration,
    ) -> Checked<Vec<Judged>> {
        match self.client.judge(step, request, timeout)? {
            Ok(answer) => answer::check(step, texts, answer),
            Err(error) => Err(TestFailure::new(step, "verdicts", described(&error))),
        }
    }

    /// Judges a request that the guard may refuse.
    ///
    /// # Errors
    /// Its error is not one for the operator, or its answer is not valid.
    pub(super) fn judge_or_refuse(
        &self,
        step: &str,
        request: &Value,
        texts: &[JudgeText],
        timeout: Duration,
    ) -> Checked {
        if let Ok(answer) = self.client.judge(step, request, timeout)? {
            answer::check(step, texts, answer)?;
        }
        Ok(())
    }

    /// Returns the request about texts.
    pub(super) fn request(&self, texts: &[JudgeText]) -> Value {
        request(&self.settings, texts)
    }
}

/// Returns a request with settings.
pub(super) fn request(settings: &Map<String, Value>, texts: &[JudgeText]) -> Value {
    json!(JudgeRequest {
        request_id: "req_plugin_test".to_owned(),
        model: "plugin-test".to_owned(),
        consumer: None,
        settings: settings.clone(),
        texts: texts.to_vec(),
    })
}

/// Returns a text of a user.
pub(super) fn text(index: usize, text: &str) -> JudgeText {
    JudgeText {
        index,
        role: "user".to_owned(),
        text: text.to_owned(),
        ..JudgeText::default()
    }
}

//! The policy.

use super::settings::{ExternalGuard, HEADER, LANGUAGE, MIN_SCORE};
use crate::chain::{Build, Guard, GuardService, HttpForm, HttpGuard, Policy};
use crate::kinds::guard::{
    ACTION, FAIL_MODE, PARALLEL, REQUESTS, RESPONSES, TIMEOUT, WINDOW, check_parallel,
};
use crate::model::PolicyKind;
use crate::problem::code;

impl Policy for ExternalGuard {
    const KIND: PolicyKind = PolicyKind::new("external-guard");
    const REASON: Option<&'static str> = Some("external_guard.blocked");
    const NAMED: bool = true;

    fn compile(&self, build: &mut Build<'_>) {
        let source = build.source();
        let Some(http) = self.http(source.policy, build) else {
            return;
        };
        let response = self.response.as_ref();
        let guard = Guard {
            policy: source.policy,
            reason: source.reason,
            service: GuardService::Http(Box::new(http)),
            timeout: self.timeout.unwrap_or(TIMEOUT).into(),
            fail_mode: self.fail_mode.unwrap_or(FAIL_MODE),
            action: response.and_then(|r| r.action).unwrap_or(ACTION),
            message: response
                .and_then(|r| r.message.clone())
                .unwrap_or_else(|| format!("refused by the policy {}", source.policy)),
            requests: self.requests.unwrap_or(REQUESTS),
            responses: self.responses.unwrap_or(RESPONSES),
            parallel: self.parallel.unwrap_or(PARALLEL),
            window: usize::try_from(self.window.unwrap_or(WINDOW)).unwrap_or(usize::MAX),
        };
        check_parallel(&guard, build);
        build.guard(guard);
    }
}

impl ExternalGuard {
    /// Returns who is asked; reports what is missing or has no effect.
    fn http(&self, policy: PolicyKind, build: &mut Build<'_>) -> Option<HttpGuard> {
        let path = |key: &str| format!("policy.{policy}.{key}");
        let mut missing = |key: &str| {
            let message = format!("`{}` is missing", path(key));
            build.problem(code::MISSING, &path(key), message);
        };
        if self.form.is_none() {
            missing("form");
        }
        if self.url.is_none() {
            missing("url");
        }
        let (form, url) = (self.form?, self.url.clone()?);
        let unused = match form {
            HttpForm::Presidio => vec![("settings", self.settings.is_some())],
            HttpForm::Http => vec![
                ("language", self.language.is_some()),
                ("entities", self.entities.is_some()),
                ("min_score", self.min_score.is_some()),
            ],
        };
        for (key, _) in unused.into_iter().filter(|(_, present)| *present) {
            let message = format!("`{}` has no effect with the form `{form}`", path(key));
            build.problem(code::INVALID_VALUE, &path(key), message).help =
                Some(format!("remove `{key}`"));
        }
        let header = self.api_key_header.as_deref().unwrap_or(HEADER);
        let scheme = match &self.api_key_prefix {
            Some(scheme) => scheme,
            None if header.eq_ignore_ascii_case(HEADER) => "Bearer",
            None => "",
        };
        Some(HttpGuard {
            form,
            url,
            secret: self.secret_key_ref.clone(),
            header: header.to_owned(),
            scheme: scheme.to_owned(),
            language: self.language.clone().unwrap_or_else(|| LANGUAGE.to_owned()),
            entities: self.entities.clone().unwrap_or_default(),
            min_score: self.min_score.unwrap_or(MIN_SCORE),
            settings: self.settings.clone().unwrap_or_default(),
        })
    }
}

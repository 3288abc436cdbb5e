//! The policy.

use super::settings::{ExternalGuard, HEADER, LANGUAGE, MIN_SCORE};
use crate::chain::{Build, GuardService, HttpForm, HttpGuard, Policy};
use crate::kinds::guard::GuardSettings;
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
        let settings = GuardSettings {
            requests: self.requests,
            responses: self.responses,
            timeout: self.timeout,
            fail_mode: self.fail_mode,
            parallel: self.parallel,
            window: self.window,
            response: self.response.as_ref(),
        };
        settings.add(GuardService::Http(Box::new(http)), build);
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

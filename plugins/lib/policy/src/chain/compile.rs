//! [`compile`]: from a document to its detectors, within a gateway's limits.

use std::sync::Arc;

use regex_syntax::hir::Hir;

use super::Limits;
use super::automaton::{Automaton, MAX_GAP_BYTES, MAX_MATCH_BYTES, weigh};
use super::compiled::Compiled;
use super::detect::PersonalData;
use super::injection::Injection;
use super::pattern::{Marker, Pattern};
use super::personal::{pattern, personal_data};
use super::prompt::Chain;
use super::rules::{OwnPatterns, Rules};
use super::terms::Terms;
use super::word_boundary::make_ascii;
use crate::model::{DlpFilter, Document, PiiDetector, PolicyKind, defaults};
use crate::parse::pattern::parse_pattern;
use crate::parse::url::port_of;
use crate::problem::{Problem, Problems, code};
use crate::source::SourceLocation;

/// Builds the detectors of a document.
///
/// # Errors
///
/// The [`Problems`] that only a gateway can know, each with its place: `E017`
/// for a pattern whose automaton is too big, `E018` for an upstream port that
/// is not allowed, `E019` for a pattern that can never match.
pub fn compile(document: &Document, limits: &Limits) -> Result<Chain, Problems> {
    let mut build = Build {
        document,
        left: limits.automaton_bytes,
        problems: Vec::new(),
        patterns: Vec::new(),
        personal: None,
        terms: None,
        own: Vec::new(),
        fail_open: limits.fail_open,
    };
    build.check_ports(limits);
    let compiled = build.compile();
    if build.problems.is_empty() {
        return Ok(Chain {
            compiled: Arc::new(compiled),
        });
    }
    Err(Problems::new(build.problems))
}

/// A chain being built.
pub(crate) struct Build<'d> {
    document: &'d Document,
    /// Bytes of automata that may still be used.
    left: usize,
    problems: Vec<Problem>,
    patterns: Vec<Pattern>,
    personal: Option<PersonalData>,
    terms: Option<(usize, Terms)>,
    /// The operator's patterns, with their index in the chain.
    own: Vec<(usize, Hir)>,
    fail_open: bool,
}

impl Build<'_> {
    fn check_ports(&mut self, limits: &Limits) {
        let outbound = self
            .document
            .gateway
            .as_ref()
            .and_then(|g| g.outbound.as_ref());
        let own = outbound.and_then(|outbound| outbound.allowed_ports.as_ref());
        let targets = self
            .document
            .providers
            .as_ref()
            .map_or(&[][..], |p| &p.targets);
        for (index, target) in targets.iter().enumerate() {
            let Some(port) = target.effective_base_url().and_then(port_of) else {
                continue;
            };
            let allowed = [own, limits.allowed_ports.as_ref()]
                .into_iter()
                .flatten()
                .all(|ports| ports.contains(&port));
            if !allowed {
                let path = format!("providers.targets[{index}].base_url");
                let message = format!("the gateway does not allow upstream port {port}");
                self.problem(code::PORT, &path, message);
            }
        }
    }

    fn compile(&mut self) -> Compiled {
        let kinds = if self.document.pack.enabled {
            self.document.chain.clone()
        } else {
            Vec::new()
        };
        let mut compiled = Compiled {
            kinds: kinds.clone(),
            injection: None,
            rules: None,
            audit: None,
        };
        let policy = &self.document.policy;
        for kind in kinds {
            match kind {
                PolicyKind::PromptInjection => {
                    compiled.injection = policy.prompt_injection.as_ref().map(|settings| {
                        let path = "policy.prompt-injection.detection.attack_patterns";
                        let own = settings
                            .detection
                            .as_ref()
                            .and_then(|d| d.attack_patterns.as_deref());
                        let hirs = self.own(path, own.unwrap_or_default());
                        Injection::new(
                            settings,
                            &hirs.into_iter().map(|(_, hir)| hir).collect::<Vec<_>>(),
                        )
                    });
                }
                PolicyKind::PiiDetector => {
                    if let Some(settings) = &policy.pii_detector {
                        self.personal_data(settings);
                    }
                }
                PolicyKind::DlpFilter => {
                    if let Some(settings) = &policy.dlp_filter {
                        self.dlp(settings);
                    }
                }
                PolicyKind::AuditLogger => compiled.audit.clone_from(&policy.audit_logger),
            }
        }
        compiled.rules = self.finish_rules();
        compiled
    }

    fn finish_rules(&mut self) -> Option<Rules> {
        if self.patterns.is_empty() || !self.problems.is_empty() {
            return None;
        }
        let mut own = None;
        if let Some((first, _)) = self.own.first() {
            let policy = self.patterns[*first].policy;
            let Some(automaton) = Automaton::build(&self.own) else {
                let message = "the patterns together are too many for one automaton".to_owned();
                self.problem(code::AUTOMATON, "policies.chain", message);
                return None;
            };
            own = Some(OwnPatterns {
                automaton,
                policy,
                fail_open: self.fail_open,
            });
        }
        let patterns = std::mem::take(&mut self.patterns);
        Some(Rules::new(patterns, self.personal, self.terms.take(), own))
    }

    fn personal_data(&mut self, settings: &PiiDetector) {
        self.personal = Some(personal_data(settings, &mut self.patterns));
        let path = "policy.pii-detector.detect_patterns";
        let own = settings.detect_patterns.as_deref().unwrap_or_default();
        for (_, hir) in self.own(path, own) {
            self.own.push((self.patterns.len(), hir));
            let pattern = pattern(settings, "pattern", "[PATTERN]");
            self.patterns.push(pattern);
        }
    }

    fn dlp(&mut self, settings: &DlpFilter) {
        let new = |kind| Pattern {
            policy: PolicyKind::DlpFilter,
            kind,
            level: settings.sensitivity_level,
            action: settings.action.unwrap_or(defaults::FILTER_ACTION),
            marker: Marker::Fixed("[REDACTED]".to_owned()),
            numbers: settings
                .redaction
                .as_ref()
                .and_then(|r| r.numbers)
                .unwrap_or(defaults::NUMBER_REDACTION),
        };
        let terms = settings.blocked_terms.as_deref().unwrap_or_default();
        if let Some(terms) = Terms::new(terms.iter().map(String::as_str)) {
            self.terms = Some((self.patterns.len(), terms));
            self.patterns.push(new("term"));
        }
        let own = settings.detect_patterns.as_deref().unwrap_or_default();
        for (_, hir) in self.own("policy.dlp-filter.detect_patterns", own) {
            self.own.push((self.patterns.len(), hir));
            self.patterns.push(new("pattern"));
        }
    }

    /// The operator's own patterns, weighed one by one so that the one that is
    /// too big is named.
    fn own(&mut self, list: &str, patterns: &[String]) -> Vec<(usize, Hir)> {
        let mut hirs = Vec::new();
        for (index, pattern) in patterns.iter().enumerate() {
            let path = format!("{list}[{index}]");
            // It parsed before; a document is never made any other way.
            let Ok(hir) = parse_pattern(pattern) else {
                continue;
            };
            let hir = make_ascii(&hir);
            let Some(size) = weigh(&hir, self.left) else {
                let message =
                    format!("the automaton of `{path}` is larger than the gateway allows");
                self.problem(code::AUTOMATON, &path, message).help = Some(
                    "shorten counted repetitions, above all of classes such as \\w".to_owned(),
                );
                continue;
            };
            self.left -= size;
            if hir.properties().maximum_len() > Some(MAX_MATCH_BYTES) {
                let message =
                    format!("a match of `{path}` can be longer than {MAX_MATCH_BYTES} bytes");
                self.problem(code::TOO_LONG, &path, message).help =
                    Some("shorten its counted repetitions".to_owned());
                continue;
            }
            if hir.properties().minimum_len() > Some(MAX_GAP_BYTES) {
                let message =
                    format!("every match of `{path}` is longer than {MAX_GAP_BYTES} bytes");
                self.problem(code::NEVER_MATCHES, &path, message);
                continue;
            }
            hirs.push((index, hir));
        }
        hirs
    }

    fn problem(&mut self, code: &'static str, path: &str, message: String) -> &mut Problem {
        let place = self.nearest_place(path);
        let problem = self.document.source_map.problem(code, place, path, message);
        self.problems.push(problem);
        self.problems.last_mut().expect("pushed in the line above")
    }

    /// The place of a path, or of what it is part of: an upstream may owe its
    /// port to a default that stands nowhere.
    fn nearest_place(&self, path: &str) -> SourceLocation {
        let mut path = path;
        loop {
            if let Some(place) = self.document.location(path) {
                return place;
            }
            match path.rfind('.') {
                Some(dot) => path = &path[..dot],
                None => {
                    return SourceLocation::default();
                }
            }
        }
    }
}

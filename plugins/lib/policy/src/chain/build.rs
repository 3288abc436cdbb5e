//! [`Build`]: a chain that is being built, within a gateway's limits.

use std::sync::Arc;

use regex_syntax::hir::Hir;

use super::Limits;
use super::automaton::{Automaton, MAX_MATCH_BYTES, weigh};
use super::compiled::Compiled;
use super::guard::Guard;
use super::pattern::{Pattern, PatternSource};
use super::phases::{CallerPhase, Detector, RecordPhase, RequestPhase, RoutePhase};
use super::prompt::Chain;
use super::rules::{OwnPatterns, Rules};
use super::word_boundary::make_ascii;
use crate::decode::{MAX_GAP_BYTES, parse_pattern};
use crate::model::{Document, PolicyKind};
use crate::problem::{Problem, Problems, code};
use crate::source::SourceLocation;

/// A chain being built: policies add the phases that they take part in.
pub(crate) struct Build<'d> {
    document: &'d Document,
    /// Bytes of automata that may still be used.
    left: usize,
    fail_open: bool,
    problems: Vec<Problem>,
    /// The policy that is being compiled.
    source: PatternSource,
    compiled: Compiled,
    patterns: Vec<Pattern>,
    detectors: Vec<Box<dyn Detector>>,
    /// The operator's patterns, with their index in the chain.
    own: Vec<(usize, Hir)>,
}

impl<'d> Build<'d> {
    /// Returns an empty chain.
    pub(crate) fn new(document: &'d Document, limits: &Limits) -> Self {
        Self {
            document,
            left: limits.automaton_bytes,
            fail_open: limits.fail_open,
            problems: Vec::new(),
            source: PatternSource {
                policy: PolicyKind::new(""),
                reason: "",
            },
            compiled: Compiled::default(),
            patterns: Vec::new(),
            detectors: Vec::new(),
            own: Vec::new(),
        }
    }

    /// Begins the next policy of the chain.
    pub(crate) fn begin(&mut self, policy: PolicyKind, reason: &'static str) {
        self.source = PatternSource { policy, reason };
        self.compiled.kinds.push(policy);
    }

    /// Returns the policy that is being compiled.
    pub(crate) fn source(&self) -> PatternSource {
        self.source
    }

    /// Adds the caller phase of the policy.
    pub(crate) fn caller(&mut self, phase: impl CallerPhase + 'static) {
        self.compiled.caller.push(Box::new(phase));
    }

    /// Adds the route phase of the policy.
    pub(crate) fn route(&mut self, phase: impl RoutePhase + 'static) {
        self.compiled.route.push(Box::new(phase));
    }

    /// Adds the request phase of the policy.
    pub(crate) fn request(&mut self, phase: impl RequestPhase + 'static) {
        self.compiled.request.push(Box::new(phase));
    }

    /// Adds a policy whose verdict comes from elsewhere.
    pub(crate) fn guard(&mut self, guard: Guard) {
        self.compiled.guards.push(guard);
    }

    /// Returns the policies so far whose verdict comes from elsewhere.
    pub(crate) fn guards(&self) -> &[Guard] {
        &self.compiled.guards
    }

    /// Adds the record phase of the policy.
    pub(crate) fn record(&mut self, phase: impl RecordPhase + 'static) {
        self.compiled.record = Some(Box::new(phase));
    }

    /// Adds a pattern; returns its index, by which a detector reports it.
    pub(crate) fn pattern(&mut self, pattern: Pattern) -> usize {
        self.patterns.push(pattern);
        self.patterns.len() - 1
    }

    /// Adds a detector.
    pub(crate) fn detector(&mut self, detector: impl Detector + 'static) {
        self.detectors.push(Box::new(detector));
    }

    /// Adds the operator's own patterns, which are in the list of a key of the block.
    pub(crate) fn own_patterns(
        &mut self,
        key: &str,
        patterns: Option<&Vec<String>>,
        pattern: impl Fn(PatternSource) -> Pattern,
    ) {
        let patterns = patterns.map(Vec::as_slice).unwrap_or_default();
        // A pattern that weighs too much leaves no chain, so that all have their index.
        for (item, hir) in self.weigh(key, patterns).into_iter().enumerate() {
            let setting = format!("policy.{}.{key}[{item}]", self.source.policy);
            let index = self.pattern(Pattern {
                setting: Some(setting),
                ..pattern(self.source)
            });
            self.own.push((index, hir));
        }
    }

    /// The operator's own patterns, weighed one by one so that the one that is
    /// too big is named.
    ///
    /// `key` is that of their list in the block of the policy.
    pub(crate) fn weigh(&mut self, key: &str, patterns: &[String]) -> Vec<Hir> {
        let mut hirs = Vec::new();
        for (index, pattern) in patterns.iter().enumerate() {
            let path = format!("policy.{}.{key}[{index}]", self.source.policy);
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
            hirs.push(hir);
        }
        hirs
    }

    /// Returns the chain.
    ///
    /// # Errors
    ///
    /// The problems so far.
    pub(crate) fn finish(mut self) -> Result<Chain, Problems> {
        self.compiled.rules = self.rules();
        if !self.problems.is_empty() {
            return Err(Problems::new(self.problems));
        }
        Ok(Chain {
            compiled: Arc::new(self.compiled),
        })
    }

    fn rules(&mut self) -> Option<Rules> {
        if self.patterns.is_empty() || !self.problems.is_empty() {
            return None;
        }
        let mut own = None;
        if let Some((first, _)) = self.own.first() {
            let Some(automaton) = Automaton::build(&self.own) else {
                let message = "the patterns together are too many for one automaton".to_owned();
                self.problem(code::AUTOMATON, "policies.chain", message);
                return None;
            };
            own = Some(OwnPatterns {
                automaton,
                first: *first,
                fail_open: self.fail_open,
            });
        }
        let patterns = std::mem::take(&mut self.patterns);
        let detectors = std::mem::take(&mut self.detectors);
        Some(Rules::new(patterns, detectors, own))
    }

    /// Returns whether values are restored; reports it if their markers do not tell them apart.
    pub(crate) fn restores(&mut self, restore: Option<bool>, is_numbered: bool) -> bool {
        let restore = restore.unwrap_or(false);
        if restore && !is_numbered {
            let path = format!("policy.{}.redaction.restore", self.source.policy);
            let message = format!("`{path}` requires markers with numbers");
            self.problem(code::INVALID_VALUE, &path, message).help =
                Some("set `marker_format: numbered`, without `preserve_length`".to_owned());
        }
        restore
    }

    /// Reports a problem of a setting.
    pub(crate) fn problem(
        &mut self,
        code: &'static str,
        path: &str,
        message: String,
    ) -> &mut Problem {
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

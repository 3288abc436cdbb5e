//! From phrases to a judgement.

use kt_detect::examine_injection;
use regex_automata::meta::Regex;
use regex_automata::{Anchored, Input};
use regex_syntax::hir::Hir;

use super::rules::{ALL, Group, QUAL, RULES, Rule};
use super::settings::Encoding;
use super::triggers::Triggers;
use super::views::{View, views};

/// Score, in hundredths, from which a text counts as an attack.
const THRESHOLD: u32 = 100;
/// What a phrase keeps of its score when it is quoted, in percent.
const REPORTED: u32 = 40;
/// Bytes within which a phrase ends.
pub(super) const REACH: usize = 400;
/// Probability from which the phrases of a text are looked for: below it, the
/// rules find more that is harmless than attacks.
const WORTH_READING: f32 = 0.05;

/// What a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Judgement {
    Harmless,
    /// Near to an attack.
    Suspected,
    /// An attack, and its kind.
    Attack(&'static str),
}

/// The compiled policy.
pub(super) struct Injection {
    pub(super) encoding: Encoding,
    own: Option<Regex>,
    pub(super) triggers: Triggers,
    pub(super) rules: Vec<Regex>,
    block: f32,
    flag: f32,
}

/// What stands before a phrase that is denied.
const DENIED: [&str; 16] = [
    "don't ",
    "do not ",
    "never ",
    "not to ",
    "cannot ",
    "can't ",
    "shouldn't ",
    "should not ",
    "must not ",
    "didn't ",
    "did not ",
    "won't ",
    "will not ",
    "doesn't ",
    "does not ",
    "mustn't ",
];

impl Injection {
    /// Builds the policy; `own` are the operator's patterns, already weighed,
    /// and `scores` the percentages from which a text is an attack and worth a
    /// finding.
    pub(super) fn new(encoding: Encoding, own: &[Hir], scores: (u64, u64)) -> Self {
        let share = |percent: u64| percent as f32 / 100.0;
        Self {
            encoding,
            own: (!own.is_empty()).then(|| build_own(own)),
            triggers: Triggers::new(),
            rules: ALL.iter().map(build_rule).collect(),
            block: share(scores.0),
            flag: share(scores.1),
        }
    }

    /// Returns what a text is.
    pub(super) fn judge(&self, text: &str) -> Judgement {
        let options = self.encoding.options();
        let examination = examine_injection(text, options);
        let probability = examination.probability;
        let read = probability >= WORTH_READING.min(self.block);
        if !read && self.own.is_none() {
            return Judgement::Harmless;
        }
        let mut views = views(text, &self.encoding);
        if self.own_match(text, &views).is_some() {
            return Judgement::Attack("pattern");
        }
        if read {
            let plain = examination.plain_texts(text, options);
            views.extend(plain.into_iter().map(View::from));
            let kind = views.iter().find_map(|view| self.judge_view(view));
            if let Some(kind) = kind {
                return Judgement::Attack(kind);
            }
        }
        if probability >= self.block {
            Judgement::Attack("classifier")
        } else if probability >= self.flag {
            Judgement::Suspected
        } else {
            Judgement::Harmless
        }
    }

    /// Returns the pattern of the operator that matches, by its index, and its match: they see the
    /// text as it stands, too.
    pub(super) fn own_match<'t>(
        &self,
        text: &'t str,
        views: &'t [View],
    ) -> Option<(usize, &'t str)> {
        let own = self.own.as_ref()?;
        let lines = views.iter().filter_map(|view| view.lines.as_deref());
        let texts = views.iter().map(|view| &*view.text).chain(lines);
        let mut texts = std::iter::once(text).chain(texts);
        texts.find_map(|text| {
            let found = own.find(text)?;
            Some((found.pattern().as_usize(), text.get(found.range())?))
        })
    }

    /// Looks for the triggers in the text with spaces for line breaks: with
    /// line breaks, it has no others.
    fn judge_view(&self, view: &View) -> Option<&'static str> {
        let mut reading = Reading::new(&view.text, view.hidden);
        let lines = view.lines.as_deref();
        let mut lines = lines.map(|lines| Reading::new(lines, view.hidden));
        self.triggers.find(&view.text, |rule, trigger| {
            self.score(&mut reading, rule, trigger.start);
            if let Some(lines) = &mut lines
                && lines.text.as_bytes()[trigger.clone()] == view.text.as_bytes()[trigger.clone()]
            {
                self.score(lines, rule, trigger.start);
            }
        });
        let reading = reading.judge();
        reading.or_else(|| lines.as_ref().and_then(Reading::judge))
    }

    /// Scores the phrase that a rule finds at a place of a reading.
    fn score(&self, reading: &mut Reading<'_>, rule: usize, at: usize) {
        let Rule(group, score, ..) = ALL[rule];
        let known = |(known, reached): &(Group, u32)| *known == group && *reached >= score;
        if reading.scores.iter().any(known) {
            return;
        }
        let text = reading.text;
        if reading.failed_before(rule, at) {
            return;
        }
        let input = Input::new(text)
            .anchored(Anchored::Yes)
            .range(at..text.floor_char_boundary(at + REACH));
        if !self.rules[rule].is_match(input) {
            reading.failed[rule] = Some(at);
            return;
        }
        let mut score = score;
        if !reading.hidden {
            score = score * share(&text[..at]) / 100;
        }
        raise(&mut reading.scores, group, score);
    }
}

/// A text whose phrases are scored.
struct Reading<'t> {
    text: &'t str,
    hidden: bool,
    scores: Vec<(Group, u32)>,
    /// Where each rule found nothing last.
    failed: Vec<Option<usize>>,
}

impl<'t> Reading<'t> {
    fn new(text: &'t str, hidden: bool) -> Self {
        Self {
            text,
            hidden,
            scores: Vec::new(),
            failed: vec![None; ALL.len()],
        }
    }

    /// Returns whether a rule found nothing last where the same text stood: a text may repeat a
    /// phrase thousands of times.
    fn failed_before(&self, rule: usize, at: usize) -> bool {
        let text = self.text.as_bytes();
        // A boundary of words looks at one character more.
        let ahead = |at: usize| text.get(at..at + REACH + 4);
        let last = self.failed[rule].and_then(ahead);
        last.is_some_and(|last| ahead(at) == Some(last))
    }

    /// Returns the kind of attack, if the scores reach the threshold.
    fn judge(&self) -> Option<&'static str> {
        let total: u32 = self.scores.iter().map(|(_, score)| score).sum();
        let strongest = self.scores.iter().max_by_key(|(_, score)| *score)?;
        (total >= THRESHOLD).then(|| strongest.0.name())
    }
}

fn raise(scores: &mut Vec<(Group, u32)>, group: Group, score: u32) {
    match scores.iter_mut().find(|(known, _)| *known == group) {
        Some((_, known)) => *known = score.max(*known),
        None => scores.push((group, score)),
    }
}

/// What a phrase keeps of its score by what stands before it in its sentence.
fn share(before: &str) -> u32 {
    let from = before.floor_char_boundary(before.len().saturating_sub(70));
    let near = &before[from..];
    let sentence = near
        .rfind(['\n', '!', '?', ';'])
        .map_or(near, |at| &near[at + 1..]);
    let sentence = sentence
        .rfind(". ")
        .map_or(sentence, |at| &sentence[at + 2..]);
    let close = &sentence[sentence.floor_char_boundary(sentence.len().saturating_sub(22))..];
    if DENIED.iter().any(|word| close.contains(word)) {
        return 0;
    }
    // A value in JSON is in quotes, but nobody quotes it.
    let value = sentence.ends_with("\":\"") || sentence.ends_with("\": \"");
    let quoted = !value && sentence.trim_end().ends_with(['"', '\'', '`', '(']);
    if quoted { REPORTED } else { 100 }
}

fn build_rule(rule: &Rule) -> Regex {
    let words: Vec<String> = rule.triggers().map(regex_syntax::escape).collect();
    let trigger = format!("(?:{})", words.join("|"));
    let expression = rule.3.replace("TRIG", &trigger);
    let expression = expression.replace("QUAL", QUAL).replace("RULES", RULES);
    // The trigger is where the search is anchored, so `^` must not be a look
    // at the start of the text.
    let expression = expression.trim_start_matches('^');
    Regex::builder()
        .syntax(regex_automata::util::syntax::Config::new().unicode(true))
        .build(expression)
        .expect("built-in expressions are tested")
}

fn build_own(own: &[Hir]) -> Regex {
    Regex::builder()
        .build_many_from_hir(own)
        .expect("every pattern was weighed before")
}

#[cfg(test)]
mod tests {
    use super::{ALL, build_rule};

    #[test]
    fn every_rule_compiles_and_can_match_from_a_trigger() {
        for rule in ALL {
            build_rule(rule);

            assert!(
                rule.triggers()
                    .all(|t| !t.is_empty() && t == t.to_lowercase())
            );
        }
    }
}
